/** Bytes straight from the origin to one reader, where nothing can be kept. */
import { MIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { ReadPiece } from '../object-reads.ts';
import type { OriginReads } from '../origins/origin.ts';
import type { ByteRange } from './read-pattern.ts';
import { throughTap } from './through-tap.ts';

export interface ReadThrough {
  readonly ref: ObjectRef;
  readonly range: ByteRange;
  readonly origin: OriginReads;
  readonly signal: AbortSignal;
  readonly onReceived: (bytes: number) => void;
}

/** Received and not yet taken by the reader; then the origin waits. */
const LIMIT_BYTES = MIB;

export function readThrough(read: ReadThrough): AsyncGenerator<ReadPiece> {
  const { ref, range, origin, signal, onReceived } = read;
  const offsetBytes = range.fromBytes;
  const lengthBytes = range.toBytes - offsetBytes;
  return throughTap({
    range,
    limitBytes: LIMIT_BYTES,
    signal,
    read: (sink, ends) =>
      origin.read({ object: ref, offsetBytes, lengthBytes, signal: ends }, (bytes) => {
        onReceived(bytes.length);
        return sink(bytes);
      }),
  });
}
