/** Credentials, regions, endpoints: who may ask, and where the question goes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DEFAULT_SETTINGS,
  systemClock,
  systemRandom,
  type LarderError,
} from '../../common/index.ts';
import { openOrigin } from '../../worker/origins/index.ts';
import {
  credentialsFile,
  entryOf,
  FAST,
  KEYS,
  listAll,
  readBytes,
  s3Harness,
  type S3Harness,
} from '../support/origin-harness.ts';

let harness: S3Harness;
beforeEach(async () => {
  harness = await s3Harness();
  await harness.put('object', Buffer.from('content'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await harness[Symbol.asyncDispose]();
});

const DENIED = { code: 'ORIGIN_CREDENTIALS' };

describe('credentials', () => {
  it('of a file are read again once when they are refused, for all reads together', async () => {
    await using origin = harness.open();
    const object = await entryOf(origin, 'object');
    const next = { accessKeyId: 'rotated', secretAccessKey: 'rotated-secret' };
    harness.server.credentials = [{ ...KEYS, expired: true }, next];
    await writeFile(
      harness.credentialsFile,
      `[default]\naws_access_key_id=${next.accessKeyId}\naws_secret_access_key=${next.secretAccessKey}\n`,
    );
    await new Promise((done) => setTimeout(done, 1_100));
    const reads = Array.from({ length: 10 }, () => readBytes(origin, object));
    for (const bytes of await Promise.all(reads)) expect(String(bytes)).toBe('content');
    const before = harness.server.counters.gets;
    expect(before).toBeLessThanOrEqual(20);
    await readBytes(origin, object);
    expect(harness.server.counters.gets).toBe(before + 1);
  });

  it('that stay expired are ORIGIN_CREDENTIALS, quickly', async () => {
    await using origin = harness.open();
    const object = await entryOf(origin, 'object');
    harness.server.credentials = [{ ...KEYS, expired: true }];
    const gets = harness.server.counters.gets;
    await expect(readBytes(origin, object)).rejects.toMatchObject({
      ...DENIED,
      facts: { s3Code: 'ExpiredToken' },
    });
    expect(harness.server.counters.gets - gets).toBeLessThanOrEqual(2);
  });

  it.each([
    ['an unknown key', { accessKeyId: 'nobody', secretAccessKey: 'x' }, 'InvalidAccessKeyId'],
    ['a wrong secret', { ...KEYS, secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
  ])('with %s are ORIGIN_CREDENTIALS', async (_name, keys, s3Code) => {
    const { directory, file } = await credentialsFile(keys);
    await using origin = harness.open({ settings: { credentials: `file:${file}` } });
    await expect(listAll(origin)).rejects.toMatchObject({ ...DENIED, facts: { s3Code } });
    await rm(directory, { recursive: true });
  });

  it('with a wrong clock are ORIGIN_CREDENTIALS, and the error says how wrong', async () => {
    harness.server.clockOffsetMs = -20 * 60_000;
    await using origin = harness.open();
    const failure = await listAll(origin).catch((error: unknown) => error);
    expect(failure).toMatchObject({ ...DENIED, facts: { s3Code: 'RequestTimeTooSkewed' } });
    const { clockOffS } = (failure as LarderError).facts;
    expect(Math.abs(Number(clockOffS) - 20 * 60)).toBeLessThan(5);
  });

  it('that cannot be found are ORIGIN_CREDENTIALS, and nothing is asked', async () => {
    await using missing = harness.open({ settings: { credentials: 'file:/no/such/file' } });
    await expect(listAll(missing)).rejects.toMatchObject(DENIED);
    await using profile = harness.open({ settings: { credentials: 'profile:no-such-profile' } });
    await expect(listAll(profile)).rejects.toMatchObject(DENIED);
    expect(harness.server.counters.requests).toBe(0);
  });

  it('of a profile', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'larder-profile-'));
    const file = path.join(directory, 'credentials');
    const { accessKeyId, secretAccessKey } = KEYS;
    await writeFile(
      file,
      `[default]\naws_access_key_id=no\naws_secret_access_key=no\n\n[train]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`,
    );
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    await using origin = harness.open({ settings: { credentials: 'profile:train' } });
    expect((await listAll(origin)).entries).toHaveLength(1);
    await rm(directory, { recursive: true });
  });

  it('of the default chain, with a session token', async () => {
    harness.server.credentials = [{ ...KEYS, sessionToken: 'token' }];
    vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey);
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    await using origin = harness.open({ settings: { credentials: '' } });
    expect(String(await readBytes(origin, await entryOf(origin, 'object')))).toBe('content');
  });

  it('of nobody: `anonymous` is served where the bucket is public, else denied', async () => {
    await using origin = harness.open({ settings: { credentials: 'anonymous' } });
    await expect(listAll(origin)).rejects.toMatchObject({ code: 'ORIGIN_DENIED' });
    harness.server.anonymous = true;
    expect(String(await readBytes(origin, await entryOf(origin, 'object')))).toBe('content');
    const signed = harness.server.requests.filter(({ headers }) => headers.authorization);
    expect(signed).toEqual([]);
  });

  it('are in no error and in no log', async () => {
    let logged = '';
    const log = pino(
      { level: 'trace' },
      new Writable({
        write(text: Buffer, _encoding, done) {
          logged += text.toString();
          done();
        },
      }),
    );
    const settings = {
      ...DEFAULT_SETTINGS,
      endpoint: harness.server.endpoint,
      credentials: `file:${harness.credentialsFile}`,
    };
    await using origin = openOrigin({
      origin: 's3://training/set',
      settings,
      clock: systemClock,
      random: systemRandom,
      log,
      tuning: { ...FAST, maxTries: 3 },
    });
    const object = await entryOf(origin, 'object');
    const action = { kind: 'status', status: 503, code: 'SlowDown' } as const;
    harness.server.faults.add({ action, operation: 'get', times: 3 });
    const failure = await readBytes(origin, object).catch((error: unknown) => error);
    const told = logged + JSON.stringify(failure) + String((failure as Error).stack);
    expect(logged).toContain('throttles');
    expect(told).not.toContain(KEYS.secretAccessKey);
    expect(told).not.toMatch(/Signature=|Credential=/);
  });
});

describe('regions', () => {
  it('a wrong one is corrected once, from what the server says', async () => {
    harness.server.region = 'eu-central-1';
    await using origin = harness.open({ settings: { region: 'us-west-2' } });
    expect(String(await readBytes(origin, await entryOf(origin, 'object')))).toBe('content');
    expect(harness.server.requests.map(({ status }) => status)).toEqual([400, 200, 206]);
  });

  it('a PermanentRedirect names the region, and its endpoint is not followed', async () => {
    harness.server.faults.add({
      action: {
        kind: 'status',
        status: 301,
        code: 'PermanentRedirect',
        headers: { 'x-amz-bucket-region': 'us-east-1', location: 'http://127.0.0.1:1/' },
      },
    });
    await using origin = harness.open({ settings: { region: 'us-west-2' } });
    expect((await listAll(origin)).entries).toHaveLength(1);
  });

  it('one that stays wrong is an error, not a loop', async () => {
    const headers = { 'x-amz-bucket-region': 'us-east-1' };
    const action = { kind: 'status', status: 301, code: 'PermanentRedirect', headers } as const;
    harness.server.faults.add({ action, times: Infinity });
    await using origin = harness.open({ settings: { region: 'us-west-2' } });
    await expect(listAll(origin)).rejects.toMatchObject({ code: 'ORIGIN_BAD_RESPONSE' });
    expect(harness.server.counters.requests).toBeLessThanOrEqual(2);
  });
});

describe('endpoints', () => {
  it('that nobody listens on are ORIGIN_UNREACHABLE after a few tries', async () => {
    const { endpoint } = harness.server;
    await using origin = harness.open({ settings: { endpoint } });
    await harness.server[Symbol.asyncDispose]();
    await expect(listAll(origin)).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      facts: { cause: 'ECONNREFUSED', tries: 4, bucket: 'training', endpoint },
    });
    harness = await s3Harness();
  });

  it('whose name does not exist are ORIGIN_UNREACHABLE', async () => {
    await using origin = harness.open({ settings: { endpoint: 'http://no-such-host.invalid' } });
    await expect(listAll(origin)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
  });

  it('that do not speak TLS are ORIGIN_UNREACHABLE', async () => {
    const endpoint = harness.server.endpoint.replace('http:', 'https:');
    await using origin = harness.open({ settings: { endpoint }, tuning: { maxTries: 2 } });
    await expect(listAll(origin)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
  });

  it.each(['http://169.254.169.254', 'http://[fe80::1]', 'http://[fd00:ec2::254]'])(
    'with a link-local address are refused: %s',
    async (endpoint) => {
      await using origin = harness.open({ settings: { endpoint } });
      await expect(listAll(origin)).rejects.toMatchObject({ code: 'ORIGIN_DENIED' });
    },
  );

  it('with a path keep it before the bucket', async () => {
    const endpoint = `${harness.server.endpoint}/gate`;
    await using origin = harness.open({ settings: { endpoint } });
    await expect(listAll(origin)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
    expect(harness.server.requests.map(({ url }) => url)).toEqual([
      expect.stringMatching(/^\/gate\/training\/\?/),
    ]);
  });
});
