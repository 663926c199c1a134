/**
 * `node meddler-process.ts PORT TARGET KIND`: stands between a worker's data plane and who connects to it,
 * so that the worker seems to send what no worker should. Frames that are not meddled with pass as they are.
 */
import net from 'node:net';
import { FRAME_HEADER_BYTES } from '../../../common/index.ts';
import { parseAddress } from '../../../rpc/grpc/index.ts';
import {
  DATA_PREFIX_BYTES,
  decodeHeader,
  encodeFrame,
  encodeJson,
} from '../../../rpc/frames/index.ts';
import { decodeJson, decodeRead, encodeRead, FRAME } from '../../../rpc/frames/index.ts';
import type { FrameHeader } from '../../../rpc/frames/index.ts';
import { answerCalls } from './calls.ts';

export type Meddling =
  /** One bit of the bytes of each DATA frame. */
  | 'wrong-bytes'
  /** The last byte of each DATA frame is missing, and its length says so. */
  | 'short-frames'
  /** The first DATA frame of each answer is left out. */
  | 'lost-frames'
  /** A read of one file is answered with the next one's bytes. */
  | 'other-object'
  | 'other-protocol';

type Meddle = (header: FrameHeader, frame: Buffer) => Buffer | undefined;

const [, , port = '', target = '', kind = ''] = process.argv;
let meddled = 0;

const towardsWorker: Meddle = (header, frame) => {
  if (kind !== 'other-object' || header.type !== FRAME.READ) return frame;
  const request = decodeRead(frame.subarray(FRAME_HEADER_BYTES));
  meddled += 1;
  return encodeRead(header.requestId, { ...request, ordinal: request.ordinal + 1 });
};

function towardsReader(): Meddle {
  const begun = new Set<number>();
  return (header, frame) => {
    const { type, requestId } = header;
    const body = frame.subarray(FRAME_HEADER_BYTES);
    if (type === FRAME.WELCOME && kind === 'other-protocol') {
      meddled += 1;
      return encodeJson(FRAME.WELCOME, requestId, { ...decodeJson(body), protocol: 999 });
    }
    if (type !== FRAME.DATA) return frame;
    const isFirst = !begun.has(requestId);
    begun.add(requestId);
    switch (kind) {
      case 'wrong-bytes': {
        const last = frame.length - 1;
        frame.writeUInt8(frame.readUInt8(last) ^ 1, last);
        break;
      }
      case 'short-frames':
        if (body.length <= DATA_PREFIX_BYTES + 1) return frame;
        meddled += 1;
        return encodeFrame(FRAME.DATA, requestId, body.subarray(0, -1));
      case 'lost-frames':
        if (!isFirst) return frame;
        meddled += 1;
        return undefined;
      default:
        return frame;
    }
    meddled += 1;
    return frame;
  };
}

/** Cuts a stream into frames, and passes each on as `meddle` has it. */
function pass(from: net.Socket, to: net.Socket, meddle: Meddle): void {
  let kept = Buffer.alloc(0);
  from.on('data', (bytes: Buffer) => {
    kept = Buffer.concat([kept, bytes]);
    while (kept.length >= FRAME_HEADER_BYTES) {
      const header = decodeHeader(kept.subarray(0, FRAME_HEADER_BYTES));
      const end = FRAME_HEADER_BYTES + header.bodyBytes;
      if (kept.length < end) return;
      const frame = meddle(header, Buffer.from(kept.subarray(0, end)));
      kept = kept.subarray(end);
      if (frame !== undefined) to.write(frame);
    }
  });
  from.on('close', () => to.destroy());
  from.on('error', () => to.destroy());
}

const server = net.createServer((reader) => {
  const worker = net.connect(parseAddress(target));
  pass(reader, worker, towardsWorker);
  pass(worker, reader, towardsReader());
});
server.listen(Number(port), () => {
  answerCalls({ meddled: () => meddled }, {});
});
