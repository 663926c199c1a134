/**
 * `node failing-disk-process.ts FOLDER IMAGE BAD`: shows an image as FOLDER/disk, for a loop device. Ranges
 * that the file BAD names (JSON: `ranges`: [[from, to), ...] in bytes) give EIO until they are written to, as the
 * bad sectors of a real disk do; where it says so in `fail`, all reads or all writes do.
 */
import fs from 'node:fs';
import { constants } from 'node:os';
import { mount } from '../../fuse-client/syscalls.ts';

const [, , folder = '', image = '', badFile = ''] = process.argv;
const MAX_BYTES = 128 << 10;
const { EIO, ENOSYS, ENOENT } = constants.errno;
const device = fs.openSync('/dev/fuse', 'r+');
const data = `fd=${String(device)},rootmode=40000,user_id=0,group_id=0,max_read=${String(MAX_BYTES)}`;
mount({ source: 'failing-disk', target: folder, type: 'fuse.failing-disk', flags: 0, data });

const fd = fs.openSync(image, 'r+');
const sizeBytes = fs.fstatSync(fd).size;
const FOREVER = 1_000_000n;
let bad: [number, number][] = [];
let failing: readonly string[] = [];
let badSince = 0;

function attributes(node: bigint): Buffer {
  const out = Buffer.alloc(88);
  out.writeBigUInt64LE(node, 0);
  out.writeBigUInt64LE(BigInt(node === 1n ? 0 : sizeBytes), 8);
  out.writeUInt32LE(node === 1n ? 0o40755 : 0o100600, 60);
  out.writeUInt32LE(1, 64);
  out.writeUInt32LE(4096, 80);
  return out;
}

function words(count: number, values: Readonly<Record<number, number>>): Buffer {
  const out = Buffer.alloc(count * 4);
  for (const [at, value] of Object.entries(values)) out.writeUInt32LE(value, Number(at) * 4);
  return out;
}

function readBad(): void {
  const { mtimeMs } = fs.statSync(badFile, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  if (mtimeMs === badSince) return;
  badSince = mtimeMs;
  const told = JSON.parse(fs.readFileSync(badFile, 'utf8')) as {
    ranges: [number, number][];
    fail: string[];
  };
  bad = told.ranges;
  failing = told.fail;
}

function read(offset: number, length: number): Buffer | number {
  readBad();
  if (failing.includes('reads')) return EIO;
  if (bad.some(([from, to]) => from < offset + length && offset < to)) return EIO;
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset));
}

function write(offset: number, bytes: Buffer): Buffer | number {
  readBad();
  if (failing.includes('writes')) return EIO;
  const end = offset + bytes.length;
  bad = bad.flatMap(([from, to]): [number, number][] => {
    if (to <= offset || end <= from) return [[from, to]];
    return [[from, offset] as [number, number], [end, to] as [number, number]].filter(
      ([left, right]) => left < right,
    );
  });
  fs.writeSync(fd, bytes, 0, bytes.length, offset);
  return words(2, { 0: bytes.length });
}

/** The body of the answer, or an errno; undefined where none is due. */
function answer(opcode: number, node: bigint, body: Buffer): Buffer | number | undefined {
  switch (opcode) {
    case 26: // INIT: 7.31, max_write
      return words(16, { 0: 7, 1: 31, 2: MAX_BYTES, 4: 12 | (10 << 16), 5: MAX_BYTES, 6: 1 });
    case 1: {
      if (body.toString('latin1', 0, body.length - 1) !== 'disk') return ENOENT;
      const out = Buffer.alloc(40);
      for (const [at, value] of [
        [0, 2n],
        [16, FOREVER],
        [24, FOREVER],
      ] as const) {
        out.writeBigUInt64LE(value, at);
      }
      return Buffer.concat([out, attributes(2n)]);
    }
    case 3: {
      const out = Buffer.alloc(16);
      out.writeBigUInt64LE(FOREVER, 0);
      return Buffer.concat([out, attributes(node)]);
    }
    case 14: // OPEN: DIRECT_IO, so that every read comes here
      return words(4, { 2: 1 });
    case 15:
      return read(Number(body.readBigUInt64LE(8)), body.readUInt32LE(16));
    case 16:
      return write(Number(body.readBigUInt64LE(8)), body.subarray(40, 40 + body.readUInt32LE(16)));
    case 17:
      return Buffer.alloc(80);
    case 18:
    case 20:
    case 25:
    case 29:
      return 0;
    case 27:
      return words(4, {});
    case 2:
    case 36:
    case 42:
      return undefined;
    default:
      return ENOSYS;
  }
}

process.stdout.write('mounted\n');
const request = Buffer.alloc(MAX_BYTES + 4096);
for (;;) {
  let length: number;
  try {
    length = fs.readSync(device, request);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENODEV') break;
    continue;
  }
  const opcode = request.readUInt32LE(4);
  const found = answer(opcode, request.readBigUInt64LE(16), request.subarray(40, length));
  if (found === undefined) continue;
  const body = typeof found === 'number' ? Buffer.alloc(0) : found;
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeInt32LE(typeof found === 'number' ? -found : 0, 4);
  request.copy(header, 8, 8, 16);
  fs.writevSync(device, [header, body]);
}
