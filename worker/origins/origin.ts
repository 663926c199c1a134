/**
 * An origin: where a dataset's bytes come from. Lists keys in byte order and reads ranges of objects,
 * every read conditional on the validator.
 *
 * Always true:
 *   - `read` hands over exactly the bytes of the range, in order, each once, or rejects; retries with
 *     back-off, throttling and half-sent bodies are dealt with inside and counted once;
 *   - bytes of two versions of an object are never mixed: a changed object is `ORIGIN_CHANGED`.
 */
import type { ListingEntry, ObjectIdentity, SkipReason } from '../../common/index.ts';

export interface SkippedKey {
  readonly key: Buffer;
  readonly reason: SkipReason;
}

export interface ListingBatch {
  /** Strictly increasing by the bytes of the key, also from batch to batch. */
  readonly entries: readonly ListingEntry[];
  /** What the origin has but cannot be an entry (sockets, devices), with the reason. */
  readonly skipped: readonly SkippedKey[];
}

export interface OriginRead {
  readonly object: ObjectIdentity;
  readonly offsetBytes: number;
  /** Above 0, and within the object. */
  readonly lengthBytes: number;
  readonly signal: AbortSignal;
  /** How much it is needed, where reads have to wait for each other: 0 (the default) is what a reader waits for. */
  readonly urgency?: () => number;
}

/**
 * Takes the next bytes of a range. They are lent for the call: what is needed longer is copied. A returned
 * promise holds the origin back until it settles.
 */
export type ByteSink = (bytes: Buffer) => Promise<void> | undefined;

export interface OriginCounters {
  /** Requests for bytes, retries included. */
  gets: number;
  /** Body bytes received, those of failed tries included. */
  bytes: number;
  /** How often it asked for fewer requests; a storm of refusals counts once. */
  refusals: number;
}

export interface OriginReads {
  /** @throws {LarderError} as `Origin.list`, and `ORIGIN_CHANGED` */
  read(request: OriginRead, sink: ByteSink): Promise<void>;
}

export interface Origin extends OriginReads, AsyncDisposable {
  readonly counters: Readonly<OriginCounters>;
  /**
   * @throws {LarderError} `ORIGIN_UNREACHABLE`, `ORIGIN_NOT_FOUND`, `ORIGIN_DENIED`,
   *   `ORIGIN_CREDENTIALS`, `ORIGIN_THROTTLED`, `ORIGIN_BAD_RESPONSE`, `LISTING_UNSORTED`
   */
  list(signal: AbortSignal): AsyncIterable<ListingBatch>;
}
