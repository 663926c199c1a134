/** Bytes straight from the origin to one reader, where nothing can be kept. */
import { MIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { ReadPiece } from '../object-reads.ts';
import type { OriginReads } from '../origins/origin.ts';
import type { ByteRange } from './read-pattern.ts';
import { Tap } from './tap.ts';
import { abortion } from './waiting.ts';

export interface ReadThrough {
  readonly ref: ObjectRef;
  readonly range: ByteRange;
  readonly origin: OriginReads;
  readonly signal: AbortSignal;
  readonly onReceived: (bytes: number) => void;
}

/** Received and not yet taken by the reader; then the origin waits. */
const LIMIT_BYTES = MIB;

export async function* readThrough(read: ReadThrough): AsyncGenerator<ReadPiece> {
  const { ref, range, origin } = read;
  const left = new AbortController();
  const signal = AbortSignal.any([read.signal, left.signal]);
  const tap = new Tap(range, LIMIT_BYTES);
  let offset = range.fromBytes;
  const request = {
    object: ref,
    offsetBytes: range.fromBytes,
    lengthBytes: range.toBytes - range.fromBytes,
    signal,
  };
  const done = origin.read(request, (bytes) => {
    read.onReceived(bytes.length);
    tap.offer(offset, bytes);
    offset += bytes.length;
    return tap.full && !tap.over ? tap.drained() : undefined;
  });
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
