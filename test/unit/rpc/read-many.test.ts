import { randomBytes } from 'node:crypto';
import { crc32 } from '@node-rs/crc32';
import { expect, test } from 'vitest';
import { LarderError, MAX_READ_MANY_FILES } from '../../../common/index.ts';
import { ManyReceiver } from '../../../rpc/data/receivers.ts';
import {
  boundCrc,
  decodeItem,
  decodeRead,
  decodeReadMany,
  encodeItem,
  encodeRead,
  encodeReadMany,
} from '../../../rpc/frames/index.ts';

const HEADER_BYTES = 16;
const body = (frame: Buffer) => frame.subarray(HEADER_BYTES);

const request = {
  ...{ datasetId: 1, version: 2, mayFetch: true, placement: 2 ** 40, deadlineMs: 30_000 },
  ordinals: [3, 0, 0xfffffffe],
};

test('requests come back as they were', () => {
  expect(decodeReadMany(body(encodeReadMany(7, request)))).toEqual(request);
  const read = { ...request, ordinal: 1, offsetBytes: 5, lengthBytes: 6, verify: true };
  expect(decodeRead(body(encodeRead(7, read)))).toMatchObject({ verify: true, mayFetch: true });
  expect(decodeRead(body(encodeRead(7, { ...read, verify: false })))).not.toHaveProperty('verify');
});

test('more files than the limit, and a length that does not fit, are refused', () => {
  const many = Array.from({ length: MAX_READ_MANY_FILES + 1 }, (_, i) => i);
  const tooMany = body(encodeReadMany(7, { ...request, ordinals: many }));
  expect(() => decodeReadMany(tooMany)).toThrow('READ_MANY of 257 files');
  // A count without the files: nothing is allocated for it.
  const lying = Buffer.from(body(encodeReadMany(7, request)));
  lying.writeUInt32LE(200, 24);
  expect(() => decodeReadMany(lying)).toThrow('body of 40 bytes, expected 828');
  expect(() => decodeReadMany(lying.subarray(0, 20))).toThrow('without its head');
});

test('a file is whole, or says why not', () => {
  expect(decodeItem(body(encodeItem(7)))).toBeUndefined();
  const failure = decodeItem(body(encodeItem(7, new LarderError('NOT_FOUND', { ordinal: 3 }))));
  expect(failure).toMatchObject({ code: 'NOT_FOUND', facts: { ordinal: 3 } });
});

const files = [5, 0, 3].map((length, i) => ({
  objectId: String(i).repeat(40),
  sizeBytes: length,
  bytes: randomBytes(length),
}));

/** As FrameReader does with a DATA frame. */
function receive(receiver: ManyReceiver, objectId: string, bytes: Buffer, offsetBytes = 0): void {
  const target = receiver.destination(offsetBytes, bytes.length);
  if (target === undefined) return;
  bytes.copy(target);
  const crc = boundCrc(objectId, offsetBytes, bytes.length, crc32(bytes));
  receiver.data({ offsetBytes, bytes: target, crc });
}

const whole = body(encodeItem(7));

test('each file gets its own bytes; one of another object, or that failed, leaves the others well', () => {
  const receiver = new ManyReceiver(files);
  // The second object's bytes in the place of the first's.
  receive(receiver, files[2]?.objectId ?? '', files[0]?.bytes ?? Buffer.of());
  receiver.item(whole);
  receiver.item(body(encodeItem(7, new LarderError('BUSY'))));
  receive(receiver, files[2]?.objectId ?? '', files[2]?.bytes.subarray(0, 1) ?? Buffer.of());
  receive(receiver, files[2]?.objectId ?? '', files[2]?.bytes.subarray(1) ?? Buffer.of(), 1);
  receiver.item(whole);
  const [first, second, third] = receiver.results();
  expect(first).toMatchObject({ code: 'CHECKSUM_MISMATCH' });
  expect(second).toMatchObject({ code: 'BUSY' });
  expect(third).toEqual(files[2]?.bytes);
});

test('too few bytes, too few files, and what was not asked for are errors', () => {
  const short = new ManyReceiver(files);
  expect(() => {
    short.item(whole);
  }).toThrow('fewer bytes than a file has');
  expect(() => new ManyReceiver(files).results()).toThrow('fewer files than asked');
  const long = new ManyReceiver(files);
  expect(() => long.destination(0, 6)).toThrow('bytes that were not asked for');
  expect(() => long.destination(1, 1)).toThrow('bytes that were not asked for');
  const none = new ManyReceiver([]);
  expect(() => none.destination(0, 1)).toThrow('more files than asked');
});
