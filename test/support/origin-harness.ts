/**
 * The same small world behind each kind of origin: put, change and delete objects, then list and read
 * them as a worker does. For the contract tests.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DEFAULT_SETTINGS,
  silentLogger,
  systemClock,
  systemRandom,
  type DatasetSettings,
  type ListingEntry,
  type ObjectIdentity,
} from '../../common/index.ts';
import {
  openOrigin,
  type ListingBatch,
  type Origin,
  type OriginTuning,
} from '../../worker/origins/index.ts';
import { startS3Server, type S3Server } from './s3/index.ts';
import { startVersitygw } from './versitygw.ts';

/** Times scaled down, so that a fault costs milliseconds. */
export const FAST: OriginTuning = {
  connectTimeoutMs: 1_000,
  headersTimeoutMs: 400,
  bodyIdleTimeoutMs: 400,
  backoffBaseMs: 2,
  backoffCapMs: 20,
  retryAfterCapMs: 100,
};

export interface OpenOptions {
  readonly origin?: string;
  readonly settings?: Partial<DatasetSettings>;
  readonly tuning?: OriginTuning;
}

export interface OriginHarness extends AsyncDisposable {
  put(key: string, bytes: Buffer): Promise<void>;
  delete(key: string): Promise<void>;
  open(options?: OpenOptions): Origin;
  /** Settings of an origin that is not there. */
  readonly missing: OpenOptions;
}

export interface S3Harness extends OriginHarness {
  readonly server: S3Server;
  /** A shared credentials file with the server's credentials. */
  readonly credentialsFile: string;
}

const BUCKET = 'training';
const PREFIX = 'set';
export const KEYS = { accessKeyId: 'larder-test', secretAccessKey: 'larder-test-secret' };

export async function s3Harness(): Promise<S3Harness> {
  const server = await startS3Server({ buckets: [BUCKET], credentials: [KEYS] });
  const { directory, file } = await credentialsFile(KEYS);
  const settings = { endpoint: server.endpoint, credentials: `file:${file}` };
  return {
    server,
    credentialsFile: file,
    put: async (key, bytes) => {
      server.put(BUCKET, `${PREFIX}/${key}`, bytes);
    },
    delete: async (key) => {
      server.delete(BUCKET, `${PREFIX}/${key}`);
    },
    open: (options = {}) => openWith(`s3://${BUCKET}/${PREFIX}`, settings, options),
    missing: { origin: 's3://no-such-bucket/set' },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

export async function versitygwHarness(program: string): Promise<OriginHarness> {
  const gateway = await startVersitygw(program);
  const { directory, file } = await credentialsFile(gateway);
  const client = new S3Client({
    endpoint: gateway.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: gateway,
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const settings = { endpoint: gateway.endpoint, credentials: `file:${file}` };
  const at = (key: string) => ({ Bucket: BUCKET, Key: `${PREFIX}/${key}` });
  return {
    put: async (key, bytes) => {
      await client.send(new PutObjectCommand({ ...at(key), Body: bytes }));
    },
    delete: async (key) => {
      await client.send(new DeleteObjectCommand(at(key)));
    },
    open: (options = {}) => openWith(`s3://${BUCKET}/${PREFIX}`, settings, options),
    missing: { origin: 's3://no-such-bucket/set' },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await gateway[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

export interface DirectoryHarness extends OriginHarness {
  readonly root: string;
}

export async function directoryHarness(): Promise<DirectoryHarness> {
  const work = await mkdtemp(path.join(tmpdir(), 'larder-origin-'));
  const root = path.join(work, 'root');
  await mkdir(root);
  return {
    root,
    put: async (key, bytes) => {
      const file = path.join(root, key);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, bytes);
    },
    delete: (key) => rm(path.join(root, key)),
    open: (options = {}) => openWith(`file://${root}`, {}, options),
    missing: { origin: `file://${work}/no-such-directory` },
    [Symbol.asyncDispose]: () => rm(work, { recursive: true }),
  };
}

export async function credentialsFile(keys: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): Promise<{ directory: string; file: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'larder-credentials-'));
  const file = path.join(directory, 'credentials');
  await writeFile(
    file,
    `[default]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`,
  );
  return { directory, file };
}

export async function listAll(
  origin: Origin,
  signal: AbortSignal = new AbortController().signal,
): Promise<ListingBatch & { byKey: ReadonlyMap<string, ListingEntry> }> {
  const entries: ListingEntry[] = [];
  const skipped: ListingBatch['skipped'][number][] = [];
  for await (const batch of origin.list(signal)) {
    entries.push(...batch.entries);
    skipped.push(...batch.skipped);
  }
  const byKey = new Map(entries.map((entry) => [entry.key.toString('latin1'), entry]));
  return { entries, skipped, byKey };
}

export interface ReadOptions {
  readonly offsetBytes?: number;
  readonly lengthBytes?: number;
  readonly signal?: AbortSignal;
}

/** The whole object where nothing else is said. */
export async function readBytes(
  origin: Origin,
  object: ObjectIdentity,
  options: ReadOptions = {},
): Promise<Buffer> {
  const offsetBytes = options.offsetBytes ?? 0;
  const pieces: Buffer[] = [];
  await origin.read(
    {
      object,
      offsetBytes,
      lengthBytes: options.lengthBytes ?? object.sizeBytes - offsetBytes,
      signal: options.signal ?? new AbortController().signal,
    },
    (bytes) => {
      pieces.push(Buffer.from(bytes));
      return undefined;
    },
  );
  return Buffer.concat(pieces);
}

export async function entryOf(origin: Origin, key: string | Buffer): Promise<ListingEntry> {
  const name = Buffer.from(key).toString('latin1');
  const entry = (await listAll(origin)).byKey.get(name);
  if (entry === undefined) throw new Error(`the listing has no ${name}`);
  return entry;
}

function openWith(
  origin: string,
  settings: Partial<DatasetSettings>,
  options: OpenOptions,
): Origin {
  return openOrigin({
    origin: options.origin ?? origin,
    settings: { ...DEFAULT_SETTINGS, ...settings, ...options.settings },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    tuning: { ...FAST, ...options.tuning },
  });
}
