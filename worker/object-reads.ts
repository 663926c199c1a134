/**
 * What the worker's data plane needs from its store and its fetching: the one seam between them.
 */
import type { ObjectRef } from '../common/index.ts';

/** A piece of an object, never across a chunk boundary (256 KiB of the object). */
export interface ReadPiece {
  readonly offsetBytes: number;
  /** Verified against the checksum on disk, or against the origin. Belongs to the receiver. */
  readonly bytes: Buffer;
}

export interface ReadOptions {
  /** Whether blocks that are not on disk may be fetched from the origin. */
  readonly mayFetch: boolean;
  readonly signal: AbortSignal;
  /** Workers that passed the read on; 0 (the default) from a reader. */
  readonly hops?: number;
  /** Whether other workers may be asked to fetch. Default true. */
  readonly mayPassOn?: boolean;
  /** Of the reader, on the monotonic clock. Default: it waits as long as its signal allows. */
  readonly deadlineAtMs?: number;
  /** The reader is on this node. Default true. */
  readonly isLocal?: boolean;
}

export interface TouchedRead {
  readonly bytes: number;
  /** The reader is on this node. */
  readonly isLocal: boolean;
}

export interface HeldState {
  readonly heldBytes: number;
  readonly complete: boolean;
}

/** Bytes of an object that are in its file on this node. */
export interface LocalExtent {
  /** Of the file, while it has its working name. */
  readonly incarnation: number;
  /** At least the end of the range that was asked for: everything from its start to here is there. */
  readonly toBytes: number;
  /** Of the disk that it is on. */
  readonly completeDirectory?: string | undefined;
}

export interface ObjectReads {
  /**
   * Pieces of [offset, offset + length) in order. The range lies within the object.
   *
   * @throws {LarderError} origin errors; `NOT_FOUND` where a block is missing and `mayFetch` is false,
   *   after the pieces before it
   */
  read(
    ref: ObjectRef,
    offsetBytes: number,
    lengthBytes: number,
    options: ReadOptions,
  ): AsyncIterable<ReadPiece>;
  /**
   * Brings a range to disk for a reader on this node that reads the file by itself, and says so with
   * `touched`.
   *
   * @throws {LarderError} as `read`, and `NOT_KEPT` where it cannot be had by path: read it
   */
  hold(
    ref: ObjectRef,
    offsetBytes: number,
    lengthBytes: number,
    options: ReadOptions,
  ): Promise<LocalExtent>;
  /**
   * Brings the whole object to disk; resolves when it is complete.
   *
   * @throws {LarderError} `NOT_KEPT` where there is no room for it (nothing was fetched then, or what
   *   was is dropped in its turn); origin errors
   */
  fetchWhole(ref: ObjectRef, signal: AbortSignal): Promise<void>;
  /** As `fetchWhole`, of one stripe: an object of one stripe is whole with it. */
  fetchStripe(ref: ObjectRef, stripe: number, signal: AbortSignal): Promise<void>;
  /** @param range of which the bytes are counted; default the whole object */
  held(objectId: string, range?: { offsetBytes: number; lengthBytes: number }): HeldState;
  /** Whether every byte of a range is on disk here. */
  holds(ref: ObjectRef, offsetBytes: number, lengthBytes: number): boolean;
  /**
   * A reader on this node read these bytes from the object's file by itself: they count as asked of
   * Larder and, with the span, as requested.
   *
   * @param read `bytes` in all; a span that was read twice counts twice
   */
  touched(ref: ObjectRef, offsetBytes: number, lengthBytes: number, read: TouchedRead): void;
  /**
   * A process on a mount's node has mapped the object into its memory, and faulted at an offset that is not
   * on its node: the rest of the object (of a large one, of the stripe around the offset) is brought
   * to disk in the background, before other background work, where there is room for it.
   */
  mapped(ref: ObjectRef, offsetBytes: number): void;
  /** Mounts opened (1) or closed (-1) the object: those that are open are evicted last. */
  setOpen(objectId: string, change: number): void;
}
