/** Answers through a pipe: whole and right, or none, and the next one is right. A file stands for /dev/fuse. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replyHeader } from '../../../fuse-client/encode.ts';
import { SpliceReply } from '../../../fuse-client/splice-reply.ts';

const KIB = 1024;
const FILE_BYTES = 700 * KIB;
const content = Buffer.from(Array.from({ length: FILE_BYTES }, (_, index) => (index * 31) % 251));

let directory: string;
let fd: number;
let device: number;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'larder-splice-'));
  fs.writeFileSync(join(directory, 'object'), content);
  fd = fs.openSync(join(directory, 'object'), 'r');
  device = fs.openSync(join(directory, 'device'), 'w+');
});

afterEach(() => {
  fs.closeSync(fd);
  fs.closeSync(device);
  fs.rmSync(directory, { recursive: true });
});

function sent(): Buffer {
  return fs.readFileSync(join(directory, 'device'));
}

function rightReply(unique: number, offsetBytes: number, lengthBytes: number): Buffer {
  const header = replyHeader({ uniqueLow: unique, uniqueHigh: 7 }, lengthBytes);
  return Buffer.concat([header, content.subarray(offsetBytes, offsetBytes + lengthBytes)]);
}

function send(reply: SpliceReply, unique: number, offsetBytes: number, lengthBytes: number) {
  return reply.send({ uniqueLow: unique, uniqueHigh: 7 }, { fd, offsetBytes, lengthBytes });
}

test.each([
  { offsetBytes: 0, lengthBytes: 128 * KIB },
  { offsetBytes: 4_097, lengthBytes: 512 * KIB },
  { offsetBytes: FILE_BYTES - 32 * KIB, lengthBytes: 32 * KIB },
])('header and bytes of $lengthBytes at $offsetBytes, twice', ({ offsetBytes, lengthBytes }) => {
  const reply = new SpliceReply(device);
  expect(send(reply, 1, offsetBytes, lengthBytes)).toBe(true);
  expect(send(reply, 2, offsetBytes, lengthBytes)).toBe(true);
  const right = [1, 2].map((unique) => rightReply(unique, offsetBytes, lengthBytes));
  expect(sent().equals(Buffer.concat(right))).toBe(true);
});

test('what is cheaper to read, or does not fit into the pipe, is left to the caller', () => {
  const reply = new SpliceReply(device);
  expect(send(reply, 1, 0, 4 * KIB)).toBe(false);
  expect(send(reply, 1, 0, 1024 * KIB)).toBe(false);
  expect(sent()).toHaveLength(0);
});

test('a file that ends early: nothing is sent, and the next answer is right', () => {
  const reply = new SpliceReply(device);
  expect(send(reply, 1, FILE_BYTES - 40 * KIB, 64 * KIB)).toBe(false);
  expect(sent()).toHaveLength(0);
  expect(send(reply, 2, 0, 64 * KIB)).toBe(true);
  expect(sent().equals(rightReply(2, 0, 64 * KIB))).toBe(true);
});

test('a file that cannot be spliced: nothing is sent, now or later', () => {
  const reply = new SpliceReply(device);
  const other = fs.openSync('/proc/self/mem', 'r');
  try {
    const file = { fd: other, offsetBytes: 0, lengthBytes: 64 * KIB };
    expect(reply.send({ uniqueLow: 1, uniqueHigh: 0 }, file)).toBe(false);
  } finally {
    fs.closeSync(other);
  }
  expect(send(reply, 2, 0, 64 * KIB)).toBe(false);
  expect(sent()).toHaveLength(0);
});
