/** A worker that finds the credentials of its instance's role, which expire. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../common/index.ts';
import { InstanceMetadata } from '../support/instance-metadata.ts';
import type { RoleCredentials } from '../support/instance-metadata.ts';
import { TestWorkers } from '../support/workers.ts';
import type { TestFile } from '../support/workers.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Credentials that were just looked up are not looked up again for a second. */
const SETTLED_MS = 1_200;

let cluster: TestWorkers;
let metadata: InstanceMetadata;

function credentials(name: string, validMs: number): RoleCredentials {
  return {
    accessKeyId: `key-${name}`,
    secretAccessKey: `secret-${name}`,
    sessionToken: `token-${name}`,
    expiresAtMs: Date.now() + validMs,
  };
}

beforeEach(async () => {
  cluster = await TestWorkers.start([]);
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await metadata[Symbol.asyncDispose]();
});

/** A worker with nothing but its role, and the files of a dataset that it has listed with that. */
async function start(role: RoleCredentials): Promise<readonly TestFile[]> {
  metadata = await InstanceMetadata.start(role);
  Object.assign(process.env, {
    ...{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '' },
    ...{ HOME: cluster.scratch.directory, AWS_EC2_METADATA_DISABLED: 'false' },
    AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.endpoint,
  });
  cluster.s3.credentials = [role];
  const files = cluster.put(6, 20_000);
  await cluster.add('a');
  await cluster.dataset();
  return files;
}

const readsRight = async (files: readonly TestFile[]) => {
  for (const file of files) expect(await cluster.readsRight(cluster.client('a'), file)).toBe(true);
};

/** The keys that the origin's GETs from here on were signed with, and what was answered. */
function signedSince(from: number): string[] {
  const since = cluster.s3.requests.slice(from).filter(({ operation }) => operation === 'get');
  const signed = since.map(({ headers, status }) => {
    const key = /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? 'none';
    return `${key} ${String(status)}`;
  });
  return [...new Set(signed)];
}

test('it reads with them, and looks them up once', async () => {
  const files = await start(credentials('first', HOUR_MS));
  await readsRight(files);
  expect(signedSince(0)).toEqual(['key-first 206']);
  expect(metadata.given).toBe(1);
});

test('before they expire it has the next ones, and the origin refuses nothing', async () => {
  // From five minutes before the end on it asks for others.
  const [one, ...others] = await start(credentials('first', 4 * MINUTE_MS));
  await readsRight(one === undefined ? [] : [one]);
  expect(metadata.given).toBeGreaterThan(0);
  const next = credentials('second', HOUR_MS);
  metadata.role = next;
  cluster.s3.credentials = [...cluster.s3.credentials, next];
  await systemClock.sleep(SETTLED_MS);
  const from = cluster.s3.requests.length;
  await readsRight(others);
  expect(signedSince(from)).toEqual(['key-second 206']);
});

test('what the origin says has expired is replaced, and no read fails', async () => {
  const first = credentials('first', HOUR_MS);
  const [one, ...others] = await start(first);
  await readsRight(one === undefined ? [] : [one]);
  const next = credentials('second', HOUR_MS);
  metadata.role = next;
  cluster.s3.credentials = [{ ...first, expired: true }, next];
  await systemClock.sleep(SETTLED_MS);
  const from = cluster.s3.requests.length;
  await readsRight(others);
  expect(signedSince(from)).toEqual(['key-first 400', 'key-second 206']);
});

test('while the service is away what it gave is used until it has expired', async () => {
  const [one, ...others] = await start(credentials('first', 4 * MINUTE_MS));
  await readsRight(one === undefined ? [] : [one]);
  metadata.isAway = true;
  await systemClock.sleep(SETTLED_MS);
  await readsRight(others);
  expect(signedSince(0)).toEqual(['key-first 206']);
  expect((await cluster.workerStatus('a')).originTroubles).toEqual([]);
});
