/**
 * The sample that the quick start reads: an ImageFolder tree of small PNGs and a few tar shards, made
 * from a seed. Every PNG is a real picture, every shard a real tar.
 */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

export interface SampleSize {
  readonly classes: number;
  readonly picturesPerClass: number;
  readonly shards: number;
  readonly shardBytes: number;
}

export const SAMPLE: SampleSize = {
  classes: 20,
  picturesPerClass: 150,
  shards: 3,
  shardBytes: 64 * 1024 * 1024,
};

export function makeSample(directory: string, size: SampleSize): void {
  const random = generator(20_240_229);
  for (let c = 0; c < size.classes; c += 1) {
    const folder = path.join(directory, 'train', `class-${String(c).padStart(3, '0')}`);
    fs.mkdirSync(folder, { recursive: true });
    for (let i = 0; i < size.picturesPerClass; i += 1) {
      const side = 32 + (random() % 48);
      fs.writeFileSync(
        path.join(folder, `${String(i).padStart(5, '0')}.png`),
        picture(side, random),
      );
    }
  }
  const folder = path.join(directory, 'shards');
  fs.mkdirSync(folder, { recursive: true });
  for (let s = 0; s < size.shards; s += 1) {
    writeShard(
      path.join(folder, `shard-${String(s).padStart(4, '0')}.tar`),
      size.shardBytes,
      random,
    );
  }
}

type Random = () => number;

/** xorshift32: the same sample on every machine. */
function generator(seed: number): Random {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

/** An RGB picture of noise over a gradient. */
function picture(side: number, random: Random): Buffer {
  const rows = Buffer.alloc(side * (1 + 3 * side));
  let at = 0;
  for (let y = 0; y < side; y += 1) {
    rows[at++] = 0;
    for (let x = 0; x < side; x += 1) {
      const noise = random();
      rows[at++] = ((x * 255) / side + (noise & 31)) & 255;
      rows[at++] = ((y * 255) / side + ((noise >>> 8) & 31)) & 255;
      rows[at++] = (noise >>> 16) & 255;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', zlib.deflateSync(rows, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(zlib.crc32(body), body.length + 4);
  return framed;
}

const MEMBER_BYTES = 1024 * 1024;
const TAR_BLOCK = 512;

/** A tar of just `shardBytes`: members of one MiB of noise, the last one shorter. */
function writeShard(file: string, shardBytes: number, random: Random): void {
  const noise = new Uint32Array(MEMBER_BYTES / 4);
  const fd = fs.openSync(file, 'w');
  const end = shardBytes - 2 * TAR_BLOCK;
  for (let at = 0, i = 0; at < end; i += 1) {
    const length = Math.min(MEMBER_BYTES, end - at - TAR_BLOCK);
    for (let k = 0; k < noise.length; k += 1) noise[k] = random();
    at += fs.writeSync(fd, tarHeader(`${String(i).padStart(6, '0')}.bin`, length));
    at += fs.writeSync(fd, new Uint8Array(noise.buffer, 0, length));
  }
  fs.writeSync(fd, Buffer.alloc(2 * TAR_BLOCK));
  fs.closeSync(fd);
}

/** POSIX ustar; `length` is a multiple of the tar block, so members need no padding. */
function tarHeader(name: string, length: number): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0');
  header.write(name, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
