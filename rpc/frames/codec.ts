/**
 * Frames to bytes and back. Pure: sockets are elsewhere.
 *
 * Always true: nothing is allocated before the length was checked against the limit; whatever is
 * malformed is a `FRAME_INVALID` that says what was wrong.
 */
import { crc32 } from '@node-rs/crc32';
import {
  FRAME_HEADER_BYTES,
  isErrorCode,
  LarderError,
  MAX_FRAME_BODY_BYTES,
} from '../../common/index.ts';
import { FRAME, FRAME_MAGIC, FRAME_VERSION } from './types.ts';
import type {
  ErrorBody,
  FileAddress,
  FrameType,
  HeldRequest,
  ManifestRequest,
  Mapped,
  ReadRequest,
  ReceivedRead,
  Touched,
  VersionRequest,
} from './types.ts';

export interface FrameHeader {
  readonly type: FrameType;
  readonly requestId: number;
  readonly bodyBytes: number;
}

/** Before the bytes of a DATA frame: offset u64, CRC u32. */
export const DATA_PREFIX_BYTES = 12;
const READ_BODY_BYTES = 40;
const OBJECT_ID_BYTES = 20;
export const FLAG_MAY_FETCH = 1;
const FLAG_VERIFY = 2;
/** Of the flags, the second byte. */
const HOPS_SHIFT = 8;
const U32 = 4294967296;
const TYPES = new Set<number>(Object.values(FRAME));

export function encodeFrame(type: FrameType, requestId: number, body: Buffer = EMPTY): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
  writeHeader(frame, { type, requestId, bodyBytes: body.length });
  body.copy(frame, FRAME_HEADER_BYTES);
  return frame;
}

export function encodeJson(type: FrameType, requestId: number, body: object): Buffer {
  return encodeFrame(type, requestId, Buffer.from(JSON.stringify(body)));
}

/** @throws {LarderError} `FRAME_INVALID`, `PROTOCOL_MISMATCH` */
export function decodeHeader(bytes: Buffer): FrameHeader {
  if (bytes.readUInt16LE(0) !== FRAME_MAGIC) throw invalid('not a Larder frame');
  if (bytes.readUInt32LE(12) !== crc32(bytes.subarray(0, 12))) throw invalid('header checksum');
  const version = bytes.readUInt8(2);
  if (version !== FRAME_VERSION) {
    throw new LarderError('PROTOCOL_MISMATCH', { theirs: version, ours: FRAME_VERSION });
  }
  const type = bytes.readUInt8(3);
  const bodyBytes = bytes.readUInt32LE(8);
  if (!isFrameType(type)) throw invalid(`unknown type ${String(type)}`);
  if (bodyBytes > MAX_FRAME_BODY_BYTES) throw invalid(`body of ${String(bodyBytes)} bytes`);
  return { type, requestId: bytes.readUInt32LE(4), bodyBytes };
}

/** Header and prefix of a DATA frame; the payload is written after it as it is. */
export function encodeDataHead(
  requestId: number,
  offsetBytes: number,
  crc: number,
  lengthBytes: number,
): Buffer {
  const head = Buffer.allocUnsafe(FRAME_HEADER_BYTES + DATA_PREFIX_BYTES);
  writeHeader(head, { type: FRAME.DATA, requestId, bodyBytes: DATA_PREFIX_BYTES + lengthBytes });
  writeUint64(head, FRAME_HEADER_BYTES, offsetBytes);
  head.writeUInt32LE(crc, FRAME_HEADER_BYTES + 8);
  return head;
}

export function decodeDataPrefix(prefix: Buffer): { offsetBytes: number; crc: number } {
  return { offsetBytes: readUint64(prefix, 0), crc: prefix.readUInt32LE(8) };
}

/**
 * The CRC of a DATA frame: the CRC32 of the payload, bound to where it belongs, so that bytes that
 * were swapped or misdirected do not pass.
 *
 * @param payloadCrc CRC32 of the payload alone: the one on disk, where a whole chunk is sent
 */
export function boundCrc(
  objectId: string,
  offsetBytes: number,
  lengthBytes: number,
  payloadCrc: number,
): number {
  const bound = Buffer.allocUnsafe(OBJECT_ID_BYTES + 12);
  bound.write(objectId, 0, OBJECT_ID_BYTES, 'hex');
  writeUint64(bound, OBJECT_ID_BYTES, offsetBytes);
  bound.writeUInt32LE(lengthBytes, OBJECT_ID_BYTES + 8);
  return crc32(bound, payloadCrc);
}

/** @param type READ or HOLD: their bodies are alike */
export function encodeRead(
  requestId: number,
  request: ReadRequest,
  type: typeof FRAME.READ | typeof FRAME.HOLD = FRAME.READ,
): Buffer {
  const body = Buffer.alloc(READ_BODY_BYTES);
  writeAddress(body, request);
  body.writeUInt32LE(flagsOf(request), 12);
  writeUint64(body, 16, request.offsetBytes);
  body.writeUInt32LE(request.lengthBytes, 24);
  writeUint64(body, 28, request.placement);
  body.writeUInt32LE(request.deadlineMs, 36);
  return encodeFrame(type, requestId, body);
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeRead(body: Buffer): ReceivedRead {
  expectLength(body, READ_BODY_BYTES);
  const flags = body.readUInt32LE(12);
  return {
    ...readAddress(body),
    mayFetch: (flags & FLAG_MAY_FETCH) !== 0,
    hops: (flags >> HOPS_SHIFT) & 0xff,
    offsetBytes: readUint64(body, 16),
    lengthBytes: body.readUInt32LE(24),
    placement: readUint64(body, 28),
    deadlineMs: body.readUInt32LE(36),
    ...((flags & FLAG_VERIFY) === 0 ? {} : { verify: true }),
  };
}

export function encodeHeld(requestId: number, { address, range }: HeldRequest): Buffer {
  const body = Buffer.alloc(range === undefined ? 12 : 28);
  writeAddress(body, address);
  if (range !== undefined) {
    writeUint64(body, 12, range.offsetBytes);
    writeUint64(body, 20, range.lengthBytes);
  }
  return encodeFrame(FRAME.HELD, requestId, body);
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeHeld(body: Buffer): HeldRequest {
  expectLength(body, body.length === 28 ? 28 : 12);
  const address = readAddress(body);
  if (body.length === 12) return { address };
  const range = { offsetBytes: readUint64(body, 12), lengthBytes: readUint64(body, 20) };
  return { address, range };
}

export function encodeOpenVersion(requestId: number, request: VersionRequest): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(request.datasetId, 0);
  body.writeUInt32LE(request.version, 4);
  return encodeFrame(FRAME.OPEN_VERSION, requestId, body);
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeOpenVersion(body: Buffer): VersionRequest {
  expectLength(body, 8);
  return { datasetId: body.readUInt32LE(0), version: body.readUInt32LE(4) };
}

export function encodeManifest(requestId: number, request: ManifestRequest): Buffer {
  const body = Buffer.alloc(20);
  body.writeUInt32LE(request.datasetId, 0);
  body.writeUInt32LE(request.version, 4);
  writeUint64(body, 8, request.offsetBytes);
  body.writeUInt32LE(request.lengthBytes, 16);
  return encodeFrame(FRAME.MANIFEST, requestId, body);
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeManifest(body: Buffer): ManifestRequest {
  expectLength(body, 20);
  return {
    datasetId: body.readUInt32LE(0),
    version: body.readUInt32LE(4),
    offsetBytes: readUint64(body, 8),
    lengthBytes: body.readUInt32LE(16),
  };
}

export function encodeEvicted(objectId: string): Buffer {
  return encodeFrame(FRAME.EVICTED, 0, Buffer.from(objectId, 'hex'));
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeEvicted(body: Buffer): string {
  expectLength(body, OBJECT_ID_BYTES);
  return body.toString('hex');
}

export function encodeOpenState(objectId: string, open: boolean): Buffer {
  return encodeFrame(FRAME.OPEN_STATE, 0, Buffer.from(`${objectId}${open ? '01' : '00'}`, 'hex'));
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeOpenState(body: Buffer): { objectId: string; open: boolean } {
  expectLength(body, OBJECT_ID_BYTES + 1);
  return {
    objectId: body.toString('hex', 0, OBJECT_ID_BYTES),
    open: body.readUInt8(OBJECT_ID_BYTES) !== 0,
  };
}

export function encodeTouched(touched: Touched): Buffer {
  const body = Buffer.alloc(36);
  writeAddress(body, touched.address);
  writeUint64(body, 12, touched.offsetBytes);
  writeUint64(body, 20, touched.lengthBytes);
  writeUint64(body, 28, touched.bytes);
  return encodeFrame(FRAME.TOUCHED, 0, body);
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeTouched(body: Buffer): Touched {
  expectLength(body, 36);
  return {
    address: readAddress(body),
    offsetBytes: readUint64(body, 12),
    lengthBytes: readUint64(body, 20),
    bytes: readUint64(body, 28),
  };
}

export function encodeMapped(mapped: Mapped): Buffer {
  const body = Buffer.alloc(20);
  writeAddress(body, mapped.address);
  writeUint64(body, 12, mapped.offsetBytes);
  return encodeFrame(FRAME.MAPPED, 0, body);
}

/** @throws {LarderError} `FRAME_INVALID` */
export function decodeMapped(body: Buffer): Mapped {
  expectLength(body, 20);
  return { address: readAddress(body), offsetBytes: readUint64(body, 12) };
}

/** @throws {LarderError} `FRAME_INVALID` unless the body is a JSON object */
export function decodeJson(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (cause) {
    throw new LarderError('FRAME_INVALID', { what: 'body is not JSON' }, { cause });
  }
  if (typeof value !== 'object' || value === null) throw invalid('body is not an object');
  return value as Record<string, unknown>;
}

export function encodeError(requestId: number, error: LarderError): Buffer {
  return encodeFrame(FRAME.ERROR, requestId, errorBody(error));
}

export function errorBody(error: LarderError): Buffer {
  const facts: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(error.facts))
    if (value !== undefined) facts[key] = value;
  const body: ErrorBody = { code: error.code, facts };
  return Buffer.from(JSON.stringify(body));
}

export function decodeError(body: Buffer): LarderError {
  const { code, facts } = decodeJson(body);
  const known = typeof code === 'string' && isErrorCode(code) ? code : 'INTERNAL';
  return new LarderError(known, typeof facts === 'object' ? (facts as ErrorBody['facts']) : {});
}

const EMPTY = Buffer.alloc(0);

function writeHeader(frame: Buffer, header: FrameHeader): void {
  frame.writeUInt16LE(FRAME_MAGIC, 0);
  frame.writeUInt8(FRAME_VERSION, 2);
  frame.writeUInt8(header.type, 3);
  frame.writeUInt32LE(header.requestId, 4);
  frame.writeUInt32LE(header.bodyBytes, 8);
  frame.writeUInt32LE(crc32(frame.subarray(0, 12)), 12);
}

export function flagsOf(request: {
  readonly mayFetch: boolean;
  readonly verify?: boolean;
  readonly hops?: number;
}): number {
  const hops = Math.min(request.hops ?? 0, 0xff) << HOPS_SHIFT;
  const verify = request.verify === true ? FLAG_VERIFY : 0;
  return (request.mayFetch ? FLAG_MAY_FETCH : 0) | verify | hops;
}

function writeAddress(body: Buffer, address: FileAddress): void {
  body.writeUInt32LE(address.datasetId, 0);
  body.writeUInt32LE(address.version, 4);
  body.writeUInt32LE(address.ordinal, 8);
}

function readAddress(body: Buffer): FileAddress {
  return {
    datasetId: body.readUInt32LE(0),
    version: body.readUInt32LE(4),
    ordinal: body.readUInt32LE(8),
  };
}

export function writeUint64(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt32LE(value % U32, at);
  buffer.writeUInt32LE(Math.floor(value / U32), at + 4);
}

export function readUint64(buffer: Buffer, at: number): number {
  const value = buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * U32;
  if (!Number.isSafeInteger(value)) throw invalid('a number above 2^53');
  return value;
}

export function expectLength(body: Buffer, lengthBytes: number): void {
  if (body.length !== lengthBytes) {
    throw invalid(`body of ${String(body.length)} bytes, expected ${String(lengthBytes)}`);
  }
}

function isFrameType(type: number): type is FrameType {
  return TYPES.has(type);
}

export function invalid(what: string): LarderError {
  return new LarderError('FRAME_INVALID', { what });
}
