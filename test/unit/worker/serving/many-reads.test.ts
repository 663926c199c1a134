import { expect, test } from 'vitest';
import { FRAME_HEADER_BYTES, LarderError, MIB, systemClock } from '../../../../common/index.ts';
import type { DataHandler, Part } from '../../../../rpc/data/index.ts';
import {
  decodeHeader,
  decodeItem,
  decodeRead,
  encodeDataHead,
  encodeFrame,
  encodeJson,
  encodeReadMany,
  FRAME,
} from '../../../../rpc/frames/index.ts';
import { ManyReads } from '../../../../worker/serving/many-reads.ts';

const session = { onClose: () => undefined };
let running = 0;
let most = 0;

/** Answers file n with n bytes of the number n, the later the smaller; 13 fails, 17 has moved, 99 hangs. */
const inner: DataHandler = {
  welcome: { protocol: 1, workerId: 'w' },
  async request(_, body, reply) {
    const { ordinal, lengthBytes } = decodeRead(body);
    running += 1;
    most = Math.max(most, running);
    try {
      await systemClock.sleep(ordinal === 99 ? 10_000 : 40 - ordinal, reply.signal);
      if (ordinal === 13) throw new LarderError('ORIGIN_CHANGED');
      if (ordinal === 17) {
        await reply.send(encodeJson(FRAME.MOVED, reply.requestId, { placement: 2 }));
        return;
      }
      const bytes = Buffer.alloc(lengthBytes, ordinal);
      await reply.send(encodeDataHead(reply.requestId, 0, 0, lengthBytes), bytes);
      await reply.send(encodeFrame(FRAME.END, reply.requestId));
    } finally {
      running -= 1;
    }
  },
  notice: () => undefined,
};

function ask(
  many: ManyReads,
  ordinals: readonly number[],
  signal: AbortSignal,
): { readonly sent: Buffer[]; readonly done: Promise<void> } {
  const frame = encodeReadMany(5, {
    ...{ datasetId: 1, version: 1, mayFetch: true, placement: 0, deadlineMs: 1_000, ordinals },
  });
  const header = decodeHeader(frame);
  const sent: Buffer[] = [];
  const send = (...parts: Part[]): Promise<void> => {
    sent.push(Buffer.concat(parts.filter((part) => Buffer.isBuffer(part))));
    return Promise.resolve();
  };
  const body = frame.subarray(FRAME_HEADER_BYTES);
  return {
    sent,
    done: many.request(header, body, { requestId: 5, signal, isLocal: false, send }, session),
  };
}

const many = new ManyReads(inner, ({ ordinal }) => Promise.resolve(ordinal));
const never = new AbortController().signal;

test('files are answered in the order of the request, several are begun, and failures are theirs', async () => {
  const ordinals = Array.from({ length: 30 }, (_, i) => i);
  const { sent, done } = ask(many, ordinals, never);
  await done;
  let next = 0;
  for (const frame of sent) {
    const { type } = decodeHeader(frame);
    if (type === FRAME.DATA) expect(frame.at(-1)).toBe(next);
    if (type !== FRAME.ITEM) continue;
    const code = decodeItem(frame.subarray(FRAME_HEADER_BYTES))?.code;
    expect(code).toBe(next === 13 ? 'ORIGIN_CHANGED' : next === 17 ? 'BUSY' : undefined);
    next += 1;
  }
  expect(next).toBe(30);
  expect(sent.map((frame) => decodeHeader(frame).type).at(-1)).toBe(FRAME.END);
  expect(most).toBe(8);
});

test('more bytes than the limit are refused before anything is read', async () => {
  const large = new ManyReads(inner, () => Promise.resolve(6 * MIB));
  const { sent, done } = ask(large, [1, 2, 3], never);
  await expect(done).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(sent).toEqual([]);
});

test('a request that is cancelled leaves nothing waiting for its turn', async () => {
  const controller = new AbortController();
  // The first is the slowest: all others have been read, and wait.
  const { done } = ask(many, [99, 32, 33, 34, 35, 36], controller.signal);
  await systemClock.sleep(20);
  expect(running).toBe(6);
  controller.abort();
  await expect(done).rejects.toThrow();
  await systemClock.sleep(20);
  expect(running).toBe(0);
});
