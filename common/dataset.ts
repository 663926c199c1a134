/**
 * What a dataset, an entry's validator and an object are, for every process alike, and how an
 * object's identity is computed.
 *
 * Always true: two objects with the same id have the same bytes. The id covers everything that could
 * make bytes differ, and the credential reference, so that bytes fetched with one reference are never
 * served under another.
 */
import { createHash } from 'node:crypto';
import { LarderError } from './errors.ts';
import {
  DEFAULT_BLOCK_BYTES,
  MAX_BLOCK_BYTES,
  MAX_REPLICAS,
  MIN_BLOCK_BYTES,
  MIN_ORIGIN_BANDWIDTH_BYTES,
} from './limits.ts';
import { formatBytes, parseRate, parseSize } from './units.ts';

export type PathStyle = 'auto' | 'true' | 'false';

/** Workers that are to have a copy of each object: 1 is the owner alone. */
export type Replicas = number | 'all';

/**
 * How a dataset is read. `auto`: seen, and shown; the others are what somebody knows better. `partitioned` also has
 * objects kept where they are read first.
 */
export type DatasetPolicy = (typeof DATASET_POLICIES)[number];

export const DATASET_POLICIES = ['auto', 'shuffled', 'repeated', 'partitioned'] as const;

export interface DatasetSettings {
  readonly blockSizeBytes: number;
  /** Empty: the default of the origin's kind. */
  readonly endpoint: string;
  /** Empty: found by the worker. */
  readonly region: string;
  readonly pathStyle: PathStyle;
  /** `profile:NAME`, `file:PATH`, `anonymous`, or empty for the default chain. Never a secret. */
  readonly credentials: string;
  /** Not part of an object's identity: it holds for all versions at once. */
  readonly replicas: Replicas;
  /** What all workers together keep of it at most; 0: as much as its bytes are worth. Of no object's identity. */
  readonly quotaBytes: number;
  /** As `replicas`: for all versions at once. */
  readonly policy: DatasetPolicy;
  /** Bytes a second that all workers together read from the origin; 0: unlimited. As `replicas`. */
  readonly originBandwidthBytes: number;
}

export interface DatasetInfo {
  readonly id: number;
  readonly name: string;
  /** `s3://bucket/prefix` or `file:///dir`. */
  readonly origin: string;
  readonly settings: DatasetSettings;
}

export const DEFAULT_SETTINGS: DatasetSettings = {
  blockSizeBytes: DEFAULT_BLOCK_BYTES,
  endpoint: '',
  region: '',
  pathStyle: 'auto',
  credentials: '',
  replicas: 1,
  quotaBytes: 0,
  policy: 'auto',
  originBandwidthBytes: 0,
};

/**
 * What tells that an origin file is still the same.
 * - `etag`: strong, as the origin sent it, with its quotes removed
 * - `modified`: weak, size and Last-Modified
 * - `file`: weak, of a directory origin: device, inode and ctime, opaque (28 bytes)
 */
export type Validator =
  | { readonly kind: 'etag'; readonly etag: string }
  | { readonly kind: 'modified' }
  | { readonly kind: 'file'; readonly identity: Buffer };

/** One key of a listing, before it is an entry of a manifest. */
export interface ListingEntry {
  /** Below the dataset's prefix; ends in `/` for a directory. */
  readonly key: Buffer;
  readonly kind: 'file' | 'directory' | 'symlink';
  /** Of a directory 0, unless a bucket has an object under its key. */
  readonly sizeBytes: number;
  readonly mtimeS: number;
  readonly mtimeNs: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly validator: Validator;
  readonly symlinkTarget?: Buffer;
}

/** One origin file's bytes, as a version names them: all that is needed to fetch and keep them. */
export interface ObjectRef {
  /** 40 lower-case hex digits. */
  readonly objectId: string;
  /** Below the dataset's prefix. */
  readonly key: Buffer;
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  /** The number of its first block in the dataset. */
  readonly firstBlock: number;
  readonly datasetId: number;
  readonly mtimeS: number;
  readonly mtimeNs: number;
  readonly validator: Validator;
  /** A file of the dataset that has these bytes: workers ask each other for it by this name. */
  readonly entry?: EntryAddress;
}

export interface EntryAddress {
  readonly version: number;
  readonly ordinal: number;
}

export type ObjectIdentity = Pick<
  ObjectRef,
  'key' | 'sizeBytes' | 'mtimeS' | 'mtimeNs' | 'validator'
>;

/** First 20 bytes of SHA-256 over the parts, each with its length before it, as hex. */
export function objectId(
  dataset: Pick<DatasetInfo, 'origin' | 'settings'>,
  object: ObjectIdentity,
): string {
  const { origin, settings } = dataset;
  const hash = createHash('sha256');
  for (const part of [
    'larder-object-1',
    originIdentity(origin, settings.endpoint),
    settings.credentials,
    object.key,
    String(object.sizeBytes),
    String(settings.blockSizeBytes),
    object.validator.kind,
    validatorBytes(object),
  ]) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    hash.update(`${String(bytes.length)}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 40);
}

/**
 * Checks one `KEY=VALUE` of a dataset and returns the settings with it applied.
 *
 * @throws {LarderError} `INVALID_ARGUMENT` naming the key and what it accepts
 */
export function withSetting(
  settings: DatasetSettings,
  key: string,
  value: string,
): DatasetSettings {
  switch (key) {
    case 'blockSize':
      return {
        ...settings,
        blockSizeBytes: value === '' ? DEFAULT_BLOCK_BYTES : parseBlockSize(value),
      };
    case 'endpoint':
      return { ...settings, endpoint: value === '' ? '' : parseEndpoint(value) };
    case 'region':
      return { ...settings, region: value };
    case 'pathStyle':
      if (value === '') return { ...settings, pathStyle: 'auto' };
      if (value === 'auto' || value === 'true' || value === 'false')
        return { ...settings, pathStyle: value };
      throw new LarderError('INVALID_ARGUMENT', { key, value, expected: 'auto, true or false' });
    case 'credentials':
      if (value === '' || value === 'anonymous' || /^(profile|file):./.test(value)) {
        return { ...settings, credentials: value };
      }
      throw new LarderError('INVALID_ARGUMENT', {
        key,
        expected: 'profile:NAME, file:PATH or anonymous; never the secret itself',
      });
    case 'replicas':
      return { ...settings, replicas: value === '' ? 1 : parseReplicas(value) };
    case 'quota':
      return { ...settings, quotaBytes: value === '' ? 0 : parseQuota(value) };
    case 'policy':
      return { ...settings, policy: value === '' ? 'auto' : parsePolicy(value) };
    case 'originBandwidth':
      return { ...settings, originBandwidthBytes: value === '' ? 0 : parseBandwidth(value) };
    default:
      throw new LarderError('INVALID_ARGUMENT', {
        key,
        expected:
          'blockSize, endpoint, region, pathStyle, credentials, replicas, quota, policy or originBandwidth',
      });
  }
}

/** @throws {LarderError} `INVALID_ARGUMENT` unless 1–128 of `A-Z a-z 0-9 . _ -`, a letter or digit first */
export function checkDatasetName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
    throw new LarderError('INVALID_ARGUMENT', {
      name,
      expected: 'a name of letters, digits, ".", "_" and "-" (128 at most)',
    });
  }
  return name;
}

function parseBlockSize(value: string): number {
  const bytes = parseSize(value);
  if (bytes < MIN_BLOCK_BYTES || bytes > MAX_BLOCK_BYTES || (bytes & (bytes - 1)) !== 0) {
    throw new LarderError('INVALID_ARGUMENT', {
      key: 'blockSize',
      value,
      expected: 'a power of two from 256KiB to 64MiB',
    });
  }
  return bytes;
}

function parseReplicas(value: string): Replicas {
  if (value === 'all') return value;
  const replicas = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (replicas >= 1 && replicas <= MAX_REPLICAS) return replicas;
  const expected = `a number from 1 to ${String(MAX_REPLICAS)}, or all`;
  throw new LarderError('INVALID_ARGUMENT', { key: 'replicas', value, expected });
}

function parseQuota(value: string): number {
  const quotaBytes = parseSize(value);
  if (quotaBytes > 0) return quotaBytes;
  const expected = 'a size like 2TiB, or nothing';
  throw new LarderError('INVALID_ARGUMENT', { key: 'quota', value, expected });
}

function parsePolicy(value: string): DatasetPolicy {
  const policy = DATASET_POLICIES.find((known) => known === value);
  if (policy !== undefined) return policy;
  const expected = 'auto, shuffled, repeated or partitioned';
  throw new LarderError('INVALID_ARGUMENT', { key: 'policy', value, expected });
}

function parseBandwidth(value: string): number {
  const bytes = parseRate(value);
  if (bytes === 0 || bytes >= MIN_ORIGIN_BANDWIDTH_BYTES) return bytes;
  const least = `${formatBytes(MIN_ORIGIN_BANDWIDTH_BYTES)}/s`;
  const expected = `0 or empty (unlimited), or ${least} and more`;
  throw new LarderError('INVALID_ARGUMENT', { key: 'originBandwidth', value, expected });
}

function parseEndpoint(value: string): string {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new LarderError('INVALID_ARGUMENT', {
      key: 'endpoint',
      expected: 'a URL like https://s3.example.com, without user, password or query',
    });
  }
  return url.href.replace(/\/$/, '');
}

function originIdentity(origin: string, endpoint: string): string {
  return `${endpoint}|${origin.replace(/\/+$/, '')}`;
}

function validatorBytes(object: ObjectIdentity): Buffer {
  const { validator } = object;
  if (validator.kind === 'etag') return Buffer.from(validator.etag);
  const modified = Buffer.from(`${String(object.mtimeS)}.${String(object.mtimeNs)}`);
  return validator.kind === 'file' ? Buffer.concat([validator.identity, modified]) : modified;
}
