/**
 * What a mount reads from: one version of a dataset, as the SDK gives it to the FUSE server.
 *
 * The serving threads read manifest pages and complete objects from files by themselves; whatever is
 * not there yet they leave to the event loop, which asks this source.
 */
import type { CompleteDirectory, DatasetInfo } from '../common/index.ts';
import type { PlanStatus } from './types.ts';

/** Bytes that are in an object's file: under its working name, or complete in the meantime. */
export interface HeldExtent {
  readonly objectId: string;
  readonly incarnation: number;
  /** At least the end of the range that was asked for: from its start to here everything is there. */
  readonly toBytes: number;
  /** Of the disk that the file is on; an older worker does not say. */
  readonly completeDirectory?: string | undefined;
}

export interface MountSource extends AsyncDisposable {
  readonly dataset: DatasetInfo;
  readonly version: number;
  /** The version's manifest on this node: its footer is there, its pages may still be missing. */
  readonly manifestPath: string;
  /** Where complete objects lie; none where they may not be read. */
  readonly completeDirectories: readonly CompleteDirectory[];
  /** Resolves when these bytes of the manifest are in the file. */
  fetchManifest(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<void>;
  /** 0 … 100; 100 when the whole manifest is on this node. */
  manifestPercent(): number;
  /**
   * The bytes of [offset, offset + length) in order, in any number of pieces. The range lies within
   * the file. Verified.
   *
   * @param memory of that length, where the bytes may come to. Where they came elsewhere, it may still be
   *   written to, and is not to be used again
   * @throws {LarderError} `ORIGIN_CHANGED`, `DEADLINE_EXCEEDED`, `CANCELLED`, …
   */
  read(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
    memory?: Buffer,
  ): Promise<Buffer[]>;
  /**
   * As `read`, but the worker on this node may say in which file the bytes are, where it is the one to
   * be asked for them. Only for who may read beside `completeDirectories`.
   */
  hold(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
  ): Promise<HeldExtent | Buffer[]>;
  /** How much of a file is on disk anywhere in the cluster, as far as its owner knows. */
  heldBytes(ordinal: number, signal: AbortSignal): Promise<number>;
  /**
   * Tells the cluster the plan of a job that reads this version.
   *
   * @throws {LarderError} `INVALID_ARGUMENT` with the field that is wrong, `BUSY`, `UNAVAILABLE`
   */
  tellPlan(json: string, signal: AbortSignal): Promise<PlanStatus>;
  /** Of all jobs. @throws {LarderError} `UNAVAILABLE` */
  plans(signal: AbortSignal): Promise<readonly PlanStatus[]>;
  /** Called with the id of each object that the local worker evicted: let go of its fds. */
  onEvicted(listener: (objectId: string) => void): void;
  /** Called when the worker keeps its files in other directories than before, which the source has then. */
  onMoved(listener: () => void): void;
  /** Called when the connection to a worker has ended: what it said of its files holds no more. */
  onDisconnected(listener: () => void): void;
  /**
   * Tells the local worker what was read of a file from the object's file, without asking: the span
   * that the reads cover since the last report, and how many bytes they were in all. The counters of
   * requested bytes and the hit ratio come from it; serving threads collect, the event loop reports
   * about every 200 ms.
   */
  reportTouched(ordinal: number, offsetBytes: number, lengthBytes: number, bytes: number): void;
  /**
   * Tells the worker that owns this part of a file that a process here has mapped the file, and faulted
   * at an offset that is not on this node: the rest is worth fetching.
   */
  reportMapped(ordinal: number, offsetBytes: number): void;
  /** Tells the local worker which objects are open here, so that it evicts others first. */
  reportOpen(objectId: string, open: boolean): void;
}
