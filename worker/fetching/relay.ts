/** Bytes from other workers straight to one reader: nothing is kept, because they are kept there. */
import { MIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { ReadPiece } from '../object-reads.ts';
import type { PeerReads, ReadOrigin } from '../peers/peer-reads.ts';
import type { ByteRange } from './read-pattern.ts';
import { Tap } from './tap.ts';
import { abortion } from './waiting.ts';

export interface Relay {
  readonly ref: ObjectRef;
  readonly range: ByteRange;
  readonly peers: PeerReads;
  readonly from: ReadOrigin;
  readonly signal: AbortSignal;
}

/** Received and not yet taken by the reader; then the connection to the other worker waits. */
const LIMIT_BYTES = 4 * MIB;

/**
 * As much from the front of a range as other workers give: nothing where none was reached.
 *
 * @throws {LarderError} what asking elsewhere cannot cure
 */
export async function* relay({
  ref,
  range,
  peers,
  from,
  ...rest
}: Relay): AsyncGenerator<ReadPiece> {
  const left = new AbortController();
  const signal = AbortSignal.any([rest.signal, left.signal]);
  const tap = new Tap(range, LIMIT_BYTES);
  const lengthBytes = range.toBytes - range.fromBytes;
  let offset = range.fromBytes;
  const read = { ...from, ref, offsetBytes: offset, lengthBytes, signal };
  const done = peers.read(read, (bytes) => {
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
