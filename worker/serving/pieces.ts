/**
 * Pieces of a complete object, as DATA frames: straight from the file where its pages are in memory, else
 * read and checked on a thread of the pool, because a serving thread does not wait for a disk.
 *
 * A whole chunk needs no look at its bytes: the CRC that was made when it was written, bound to its place, is
 * the frame's. Part of a chunk is read, checked against the chunk's, and gets a CRC of its own.
 */
import { crc32 } from '@node-rs/crc32';
import { CHUNK_BYTES, LarderError } from '../../common/index.ts';
import { boundCrc, encodeDataHead } from '../../rpc/frames/index.ts';
import { isCached } from '../../rpc/data/index.ts';
import type { Part } from '../../rpc/data/index.ts';
import type { CompleteObject } from './complete-objects.ts';

export interface Piece {
  readonly lengthBytes: number;
  /** The bytes of the frame's payload. */
  readonly payload: Part;
  /** CRC32 of it alone. */
  readonly crc: number;
}

export interface PieceRange {
  readonly fromBytes: number;
  /** The end of all that is wanted: a piece ends at the end of its chunk. */
  readonly toBytes: number;
}

/**
 * The piece at the front of a range; one that has to be read is being read.
 *
 * @param failed told where the file could not be sent
 * @returns rejects with `CHECKSUM_MISMATCH`, or system errors as they are
 */
export async function startPiece(
  object: CompleteObject,
  range: PieceRange,
  failed: (chunk: number) => void,
): Promise<Piece> {
  const chunk = Math.floor(range.fromBytes / CHUNK_BYTES);
  const start = chunk * CHUNK_BYTES;
  const chunkBytes = Math.min(CHUNK_BYTES, object.sizeBytes - start);
  const from = range.fromBytes - start;
  const to = Math.min(range.toBytes - start, chunkBytes);
  const crc = object.checksum(chunk);
  if (crc === undefined) throw mismatch(object, chunk);
  const { fd } = object;
  const isWhole = from === 0 && to === chunkBytes;
  if (isWhole && isCached(fd, start) && isCached(fd, start + chunkBytes - 1)) {
    const where = { fd, offsetBytes: start, lengthBytes: chunkBytes };
    const payload = {
      ...where,
      failed: () => {
        failed(chunk);
      },
    };
    return { lengthBytes: chunkBytes, payload, crc };
  }
  return await readPiece(object, { chunk, chunkBytes, crc, from, to });
}

/** The frame's head, and its payload. */
export function frameOf(
  requestId: number,
  objectId: string,
  offsetBytes: number,
  { lengthBytes, payload, crc }: Piece,
): [Buffer, Part] {
  const bound = boundCrc(objectId, offsetBytes, lengthBytes, crc);
  return [encodeDataHead(requestId, offsetBytes, bound, lengthBytes), payload];
}

async function readPiece(
  object: CompleteObject,
  part: { chunk: number; chunkBytes: number; crc: number; from: number; to: number },
): Promise<Piece> {
  const { chunk, chunkBytes, crc, from, to } = part;
  const bytes = Buffer.allocUnsafeSlow(chunkBytes);
  const got = await object.read(bytes, chunk * CHUNK_BYTES);
  if (got < chunkBytes || crc32(bytes) !== crc) throw mismatch(object, chunk);
  const payload = bytes.subarray(from, to);
  const isWhole = payload.length === chunkBytes;
  return { lengthBytes: payload.length, payload, crc: isWhole ? crc : crc32(payload) };
}

function mismatch({ objectId }: CompleteObject, chunk: number): LarderError {
  return new LarderError('CHECKSUM_MISMATCH', { object: objectId, chunk });
}
