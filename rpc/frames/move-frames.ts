/**
 * OFFER and TAKEN: what workers tell each other about objects that are to move. Both have the same body: who
 * tells, computed with which placement, and entries of one version.
 *
 *     dataset u32, version u32, placement u64, flag u8, length of the id u8, worker id, ordinals u32 …
 */
import { LarderError } from '../../common/index.ts';
import { encodeFrame } from './codec.ts';
import type { FRAME, MoveList } from './types.ts';

const HEAD_BYTES = 18;
const MAX_ID_BYTES = 200;
/** As many as fit into a request with the longest id, rounded down. */
export const MAX_MOVE_ENTRIES = 900;

export function encodeMoves(
  requestId: number,
  type: typeof FRAME.OFFER | typeof FRAME.TAKEN | typeof FRAME.CLAIM,
  list: MoveList,
): Buffer {
  const id = Buffer.from(list.workerId);
  const body = Buffer.alloc(HEAD_BYTES + id.length + list.ordinals.length * 4);
  body.writeUInt32LE(list.datasetId, 0);
  body.writeUInt32LE(list.version, 4);
  body.writeBigUInt64LE(BigInt(list.placement), 8);
  body.writeUInt8(list.flag ? 1 : 0, 16);
  body.writeUInt8(id.length, 17);
  id.copy(body, HEAD_BYTES);
  list.ordinals.forEach((ordinal, i) => {
    body.writeUInt32LE(ordinal, HEAD_BYTES + id.length + i * 4);
  });
  return encodeFrame(type, requestId, body);
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeMoves(body: Buffer): MoveList {
  const idBytes = body.length < HEAD_BYTES ? 0 : body.readUInt8(17);
  const start = HEAD_BYTES + idBytes;
  const count = (body.length - start) / 4;
  if (idBytes === 0 || idBytes > MAX_ID_BYTES || !Number.isInteger(count) || count < 0) {
    throw new LarderError('FRAME_INVALID', { what: 'a list of objects that move' });
  }
  return {
    datasetId: body.readUInt32LE(0),
    version: body.readUInt32LE(4),
    placement: Number(body.readBigUInt64LE(8)),
    flag: body.readUInt8(16) !== 0,
    workerId: body.toString('utf8', HEAD_BYTES, start),
    ordinals: Array.from({ length: count }, (_, i) => body.readUInt32LE(start + i * 4)),
  };
}
