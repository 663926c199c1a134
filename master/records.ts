/**
 * What the catalog keeps, and how a record is written: one byte of format version, then JSON.
 *
 * Always true: a record of a later format is refused, never guessed at.
 */
import { LarderError } from '../common/index.ts';
import type { DatasetSettings, PlacementMember } from '../common/index.ts';

export interface DatasetRecord {
  /** Never reused. */
  readonly id: number;
  readonly name: string;
  readonly origin: string;
  /** For the next version. */
  readonly settings: DatasetSettings;
  readonly createdAtMs: number;
  readonly latestVersion: number;
  /** The first block number that no version has used yet. */
  readonly nextBlock: number;
  /** Versions deleted so far: where it is 0, no worker can hold what is to be collected. */
  readonly deletions: number;
}

export interface VersionRecord {
  readonly datasetId: number;
  readonly number: number;
  readonly createdAtMs: number;
  /** What it was listed with. */
  readonly settings: DatasetSettings;
  readonly files: number;
  readonly bytes: number;
  readonly blocks: number;
  readonly skipped: number;
  /** Counts that add up to `skipped`. Absent in older records. */
  readonly skippedReasons?: Readonly<Record<string, number>>;
  readonly strongValidators: number;
  readonly weakValidators: number;
  readonly manifestBytes: number;
  /** Hex. */
  readonly manifestSha256: string;
}

export interface LeaseRecord {
  readonly datasetId: number;
  readonly version: number;
  /** Unique per mount. */
  readonly holder: string;
  /** Shown to people: host and mount point. */
  readonly what: string;
  readonly ttlMs: number;
}

export interface PlacementRecord {
  readonly number: number;
  readonly members: readonly PlacementMember[];
  /** Workers that were told to leave, members or not. Absent in older records. */
  readonly drained?: readonly string[];
}

/** A preload: one that runs, or one that has ended and can still be asked for. */
export interface PreloadRecord {
  readonly id: number;
  readonly datasetId: number;
  readonly version: number;
  /** Base64: names are bytes. */
  readonly paths: readonly string[];
  // All that follows is absent in older records, and of a preload that has none.
  /** Base64. */
  readonly listed?: readonly string[];
  readonly budgetBytes?: number;
  readonly priority?: number;
  readonly bandwidthBytes?: number;
  /** As it was asked for, and when that is. */
  readonly deadlineMs?: number;
  readonly deadlineAtMs?: number;
  readonly keepMs?: number;
  /** Copies that are wanted, on workers with these ids (of none named, on any). */
  readonly replicas?: number;
  readonly on?: readonly string[];
  /** What is held is verified first. */
  readonly verify?: boolean;
  /** Only what this version has not. */
  readonly changedSince?: number;
  readonly isDetached?: boolean;
  readonly isStaged?: boolean;
  readonly startedAtMs?: number;
  readonly outcome?: PreloadOutcome;
}

/** What became of a preload. */
export interface PreloadOutcome {
  readonly state: 'COMPLETE' | 'PARTIAL' | 'CANCELLED' | 'FAILED';
  readonly endedAtMs: number;
  /** Counts of `PreloadProgress`, in its words. */
  readonly counts: Readonly<Record<string, number>>;
  /** Paths in base64. */
  readonly failures: readonly {
    readonly path: string;
    readonly code: string;
    readonly message: string;
  }[];
}

/** Blocks that workers are not to evict. */
export interface ProtectionRecord {
  /** Of the preload that loaded them; of a pin a number that no preload has. */
  readonly preload: number;
  readonly datasetId: number;
  /** Roaring bitmaps in base64, of which each fits into a message. */
  readonly blocks: readonly string[];
  /** Since 1970. Unset: until it is released. */
  readonly untilMs?: number;
  /** As of `PreloadRecord`: workers are to have copies. */
  readonly replicas?: number;
  readonly on?: readonly string[];
  /** The copies are wanted, and not protected. */
  readonly isEvictable?: boolean;
  /** Of a pin: that it protects. */
  readonly bytes?: number;
}

/** A plan of a job that has not ended. */
export interface PlanRecord {
  readonly id: number;
  readonly datasetId: number;
  readonly version: number;
  readonly job: string;
  /** By the wall clock: it ends also where the master was away meanwhile. */
  readonly endsAtMs: number;
  /** JSON, as it was told. */
  readonly plan: string;
}

/** A dataset that a job of a scheduler is to find in the cache. */
export interface StageRecord {
  readonly job: string;
  readonly dataset: string;
  readonly version: number;
  /** That loads it. */
  readonly preload: number;
}

export interface SkippedKey {
  readonly key: Buffer;
  readonly reason: string;
}

const RECORD_FORMAT = 1;

export function encodeRecord(record: object): Buffer {
  const json = Buffer.from(JSON.stringify(record));
  return Buffer.concat([Buffer.of(RECORD_FORMAT), json]);
}

/**
 * The catalog is private to the master, so a record is trusted to be what its key says.
 *
 * @throws {LarderError} `DATA_DIR_UNUSABLE` where a later release wrote it
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the key tells the type
export function decodeRecord<T extends object>(bytes: Buffer): T {
  const format = bytes[0] ?? 0;
  if (format !== RECORD_FORMAT) {
    throw new LarderError('DATA_DIR_UNUSABLE', { format, expected: RECORD_FORMAT });
  }
  return JSON.parse(bytes.toString('utf8', 1)) as T;
}

/** Keys are bytes, so these are not JSON: format, then (length, key, length, reason) each. */
export function encodeSkipped(keys: readonly SkippedKey[]): Buffer {
  const parts: Buffer[] = [Buffer.of(RECORD_FORMAT)];
  for (const { key, reason } of keys) {
    for (const bytes of [key, Buffer.from(reason)]) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      parts.push(length, bytes);
    }
  }
  return Buffer.concat(parts);
}

export function decodeSkipped(bytes: Buffer): SkippedKey[] {
  const format = bytes[0] ?? 0;
  if (format !== RECORD_FORMAT) {
    throw new LarderError('DATA_DIR_UNUSABLE', { format, expected: RECORD_FORMAT });
  }
  const keys: SkippedKey[] = [];
  let at = 1;
  const next = () => {
    const end = at + 4 + bytes.readUInt32LE(at);
    const part = Buffer.from(bytes.subarray(at + 4, end));
    at = end;
    return part;
  };
  while (at < bytes.length) keys.push({ key: next(), reason: next().toString() });
  return keys;
}
