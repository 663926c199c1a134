/** Bytes straight from a source to one reader, where nothing is kept. */
import type { ReadPiece } from '../object-reads.ts';
import type { ByteSink } from '../origins/origin.ts';
import type { ByteRange } from './read-pattern.ts';
import { Tap } from './tap.ts';
import { abortion } from './waiting.ts';

export interface ThroughTap {
  readonly range: ByteRange;
  /** Received and not yet taken by the reader; then the source waits. */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
  /** Gives the bytes of the range in order, and resolves after the last. */
  readonly read: (sink: ByteSink, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Ends where the source ends; the source is let go when the reader leaves.
 *
 * @throws what the source failed with
 */
export async function* throughTap(through: ThroughTap): AsyncGenerator<ReadPiece> {
  const { range, limitBytes, read } = through;
  const left = new AbortController();
  const signal = AbortSignal.any([through.signal, left.signal]);
  const tap = new Tap(range, limitBytes);
  let offset = range.fromBytes;
  const done = read((bytes) => {
    tap.offer(offset, bytes);
    offset += bytes.length;
    return tap.full && !tap.over ? tap.drained() : undefined;
  }, signal);
  done.then(
    () => tap.end(),
    (error: unknown) => tap.end(error),
  );
  using abort = abortion(signal);
  try {
    yield* tap.pieces(abort.aborted);
  } finally {
    left.abort();
    await done.catch(() => undefined);
  }
}
