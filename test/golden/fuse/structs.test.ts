/**
 * The bytes that go to the kernel and come from it. They are the kernel's: where one of these fails,
 * the code is wrong, not the expectation.
 */
import { describe, expect, test } from 'vitest';
import { OPCODE } from '../../../fuse-client/abi.ts';
import { RequestView } from '../../../fuse-client/decode.ts';
import { Reply, replyHeader } from '../../../fuse-client/encode.ts';
import type { Attributes, DirectoryEntry } from '../../../fuse-client/encode.ts';

const UNIQUE = { uniqueLow: 0x11223344, uniqueHigh: 0x80000001 };
const HEADER_TAIL = '4433221101000080';
const FOREVER = 'ffffff7f00000000';

const FILE: Attributes = {
  node: 0x01020304,
  kind: 'file',
  mode: 0o4755,
  uid: 1000,
  gid: 100,
  sizeBytes: 5 * 2 ** 32 + 513,
  mtimeS: -2,
  mtimeNs: 999_999_999,
};
/** ino, size, blocks, 3 times, 3 × ns, mode, nlink, uid, gid, rdev, blksize, flags. */
const FILE_ATTR = [
  '0403020100000000',
  '0102000005000000',
  '0200800200000000',
  'feffffffffffffff'.repeat(3),
  'ffc99a3b'.repeat(3),
  'ed890000',
  '01000000',
  'e803000064000000',
  '00000000',
  '00001000',
  '00000000',
].join('');

describe('replies', () => {
  test('fuse_out_header', () => {
    expect(hex(replyHeader(UNIQUE, 0x1000))).toBe(`1010000000000000${HEADER_TAIL}`);
    expect(hex(new Reply(4096).image(UNIQUE, 0, 5))).toBe(`10000000fbffffff${HEADER_TAIL}`);
  });

  test('fuse_entry_out', () => {
    const { reply, bodyOf } = bench();
    expect(bodyOf(reply.entry(FILE))).toBe(
      `0403020100000000${zeros(8)}${FOREVER}${FOREVER}${zeros(8)}${FILE_ATTR}`,
    );
    expect(bodyOf(reply.missingEntry())).toBe(`${zeros(16)}${FOREVER}${zeros(104)}`);
  });

  test('fuse_attr_out', () => {
    const { reply, bodyOf } = bench();
    expect(bodyOf(reply.attributes(FILE))).toBe(`${FOREVER}${zeros(8)}${FILE_ATTR}`);
  });

  test('fuse_open_out', () => {
    const { reply, bodyOf } = bench();
    expect(bodyOf(reply.opened(1, 0x22, 7))).toBe('01000000000000002200000007000000');
  });

  test('fuse_init_out', () => {
    const { reply, bodyOf } = bench();
    const body = reply.init({
      minor: 45,
      maxReadaheadBytes: 1 << 24,
      flags: 0x4001_0001,
      flags2: 0x80,
      maxBackground: 128,
      congestionThreshold: 96,
      maxWriteBytes: 4096,
      maxPages: 256,
      maxStackDepth: 1,
    });
    expect(bodyOf(body)).toBe(
      `070000002d0000000000000101000140800060000010000001000000000100008000000001000000${zeros(24)}`,
    );
  });

  test('fuse_kstatfs', () => {
    const { reply, bodyOf } = bench();
    expect(bodyOf(reply.statfs({ bytes: 4097, entries: 3 }))).toBe(
      `0200000000000000${zeros(16)}0300000000000000${zeros(8)}00100000ff00000000100000${zeros(28)}`,
    );
  });

  test('fuse_getxattr_out, fuse_lseek_out', () => {
    const { reply, bodyOf } = bench();
    expect(bodyOf(reply.xattrSize(300))).toBe('2c01000000000000');
    expect(bodyOf(reply.seek(2 ** 33 + 1))).toBe('0100000002000000');
  });

  test('fuse_dirent and fuse_direntplus, padded to 8 bytes with zeros', () => {
    const { reply, bodyOf } = bench();
    const entry: DirectoryEntry = {
      attributes: FILE,
      bytes: Buffer.from('..name..'),
      nameStart: 2,
      nameEnd: 6,
      cookie: 9,
      isDot: false,
    };
    const dirent = '0403020100000000090000000000000004000000080000006e616d6500000000';
    expect(bodyOf(reply.dirent(0, 4096, entry))).toBe(dirent);
    const entryOut = `0403020100000000${zeros(8)}${FOREVER}${FOREVER}${zeros(8)}${FILE_ATTR}`;
    expect(bodyOf(reply.direntPlus(0, 4096, entry))).toBe(entryOut + dirent);
    expect(bodyOf(reply.direntPlus(0, 4096, { ...entry, isDot: true }))).toBe(zeros(128) + dirent);
    expect(reply.dirent(0, 31, entry)).toBe(-1);
    expect(reply.dirent(32, 64, entry)).toBe(64);
    const whole = { ...entry, nameStart: 0, nameEnd: 8 };
    expect(bodyOf(reply.dirent(0, 4096, whole)).slice(-16)).toBe(hex(whole.bytes));
  });
});

describe('requests', () => {
  test('fuse_in_header and fuse_read_in', () => {
    const view = request(OPCODE.READ, '0700000000000000 0100000003000000 00001000 00000000');
    expect(view.lengthBytes).toBe(40 + 24);
    expect(view.opcode).toBe(15);
    expect(view.unique).toBe(2 ** 32 + 0x11223344);
    expect(view.isResent).toBe(true);
    expect(view.uniqueHigh).toBe(0x80000001);
    expect(view.node).toBe(0x01020304);
    expect(view.callerPid).toBe(4242);
    expect(view.handle).toBe(7);
    expect(view.readOffset).toBe(3 * 2 ** 32 + 1);
    expect(view.readSize).toBe(1 << 20);
  });

  test('names end at their NUL, or with the request', () => {
    expect(hex(request(OPCODE.LOOKUP, 'fffe6100').name)).toBe('fffe61');
    expect(hex(request(OPCODE.LOOKUP, 'fffe61').name)).toBe('fffe61');
    expect(request(OPCODE.GETXATTR, '0001000000000000 757365722e7800').xattrName).toBe('user.x');
  });

  test('fuse_interrupt_in names a request with or without the resend bit', () => {
    const plain = request(OPCODE.INTERRUPT, '0800000000000000').interrupted;
    expect(plain).toBe(8);
    expect(request(OPCODE.INTERRUPT, '0800000000000080').interrupted).toBe(plain);
  });

  test('a node beyond 32 bits is none', () => {
    const view = request(OPCODE.GETATTR, '');
    view.words[5] = 1;
    expect(view.node).toBe(0);
  });
});

function bench() {
  const reply = new Reply(4096);
  // What an earlier reply left in the buffer must not show.
  reply.body.fill(0xee);
  return { reply, bodyOf: (bytes: number) => hex(reply.body.subarray(0, bytes)) };
}

function request(opcode: number, body: string): RequestView {
  const bytes = Buffer.from(body.replaceAll(' ', ''), 'hex');
  const memory = Buffer.from(new ArrayBuffer(8192)).fill(0xee);
  const words = [
    40 + bytes.length,
    opcode,
    0x11223344,
    0x80000001,
    0x01020304,
    0,
    1000,
    100,
    4242,
    0,
  ];
  for (const [index, word] of words.entries()) memory.writeUInt32LE(word, index * 4);
  memory.set(bytes, 40);
  return new RequestView(memory);
}

function zeros(bytes: number): string {
  return '00'.repeat(bytes);
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
