/** Bytes from other workers straight to one reader: nothing is kept, because they are kept there. */
import { MIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { ReadPiece } from '../object-reads.ts';
import type { PeerReads, ReadOrigin } from '../peers/peer-reads.ts';
import type { ByteRange } from './read-pattern.ts';
import { throughTap } from './through-tap.ts';

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
export function relay({ ref, range, peers, from, signal }: Relay): AsyncGenerator<ReadPiece> {
  const offsetBytes = range.fromBytes;
  const lengthBytes = range.toBytes - offsetBytes;
  return throughTap({
    range,
    limitBytes: LIMIT_BYTES,
    signal,
    read: (sink, ends) =>
      peers.read({ ...from, ref, offsetBytes, lengthBytes, signal: ends }, sink),
  });
}
