/** READ_MANY and what answers its files, as bytes. Pure; the limits are checked before allocation. */
import { MAX_READ_MANY_FILES } from '../../common/index.ts';
import type { LarderError } from '../../common/index.ts';
import {
  decodeError,
  encodeFrame,
  errorBody,
  expectLength,
  FLAG_MAY_FETCH,
  flagsOf,
  invalid,
  readUint64,
  writeUint64,
} from './codec.ts';
import { FRAME } from './types.ts';
import type { ReadManyRequest } from './types.ts';

/** Before the ordinals: dataset, version, flags, placement, deadline, how many. */
const READ_MANY_HEAD_BYTES = 28;

export function encodeReadMany(requestId: number, request: ReadManyRequest): Buffer {
  const { ordinals } = request;
  const body = Buffer.alloc(READ_MANY_HEAD_BYTES + 4 * ordinals.length);
  body.writeUInt32LE(request.datasetId, 0);
  body.writeUInt32LE(request.version, 4);
  body.writeUInt32LE(flagsOf(request), 8);
  writeUint64(body, 12, request.placement);
  body.writeUInt32LE(request.deadlineMs, 20);
  body.writeUInt32LE(ordinals.length, 24);
  ordinals.forEach((ordinal, i) => body.writeUInt32LE(ordinal, READ_MANY_HEAD_BYTES + 4 * i));
  return encodeFrame(FRAME.READ_MANY, requestId, body);
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeReadMany(body: Buffer): ReadManyRequest {
  if (body.length < READ_MANY_HEAD_BYTES) throw invalid('READ_MANY without its head');
  const files = body.readUInt32LE(24);
  if (files > MAX_READ_MANY_FILES) throw invalid(`READ_MANY of ${String(files)} files`);
  expectLength(body, READ_MANY_HEAD_BYTES + 4 * files);
  return {
    datasetId: body.readUInt32LE(0),
    version: body.readUInt32LE(4),
    mayFetch: (body.readUInt32LE(8) & FLAG_MAY_FETCH) !== 0,
    placement: readUint64(body, 12),
    deadlineMs: body.readUInt32LE(20),
    ordinals: Array.from({ length: files }, (_, i) =>
      body.readUInt32LE(READ_MANY_HEAD_BYTES + 4 * i),
    ),
  };
}

/** @param error undefined where the file is whole */
export function encodeItem(requestId: number, error?: LarderError): Buffer {
  return encodeFrame(FRAME.ITEM, requestId, error && errorBody(error));
}

/** Undefined where the file is whole. @throws {LarderError} `FRAME_INVALID` */
export function decodeItem(body: Buffer): LarderError | undefined {
  return body.length === 0 ? undefined : decodeError(body);
}
