/**
 * The bytes behind an object: in memory, in a file on disk, or made up from a seed, so that an object
 * of any size costs nothing.
 *
 * Always true: the bytes of a made-up body at an offset depend on seed and offset alone, and differ
 * between neighbouring offsets, so that bytes from a wrong place do not pass for right ones.
 */
import { closeSync, openSync, readSync } from 'node:fs';

export type ObjectBody =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: 'pattern'; readonly sizeBytes: number; readonly seed: number };

/** A prime, so that no power of two lands on the same bytes again. */
const PERIOD_BYTES = 1_048_573;
const patterns = new Map<number, Buffer>();

export function bodySizeBytes(body: ObjectBody): number {
  return body.kind === 'bytes' ? body.bytes.length : body.sizeBytes;
}

/** The bytes that a made-up body of that seed has at [offset, offset + length). */
export function patternBytes(seed: number, offsetBytes: number, lengthBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(lengthBytes);
  for (let done = 0; done < lengthBytes;) {
    const piece = patternPiece(seed, offsetBytes + done, lengthBytes - done);
    piece.copy(bytes, done);
    done += piece.length;
  }
  return bytes;
}

/**
 * The next bytes of a body: at most `lengthBytes`, at least one. Not to be written to.
 *
 * Reads files synchronously: they lie in the page cache, and a thread hop costs more than the read.
 */
export function bodyPiece(body: ObjectBody, offsetBytes: number, lengthBytes: number): Buffer {
  switch (body.kind) {
    case 'bytes':
      return body.bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
    case 'pattern':
      return patternPiece(body.seed, offsetBytes, lengthBytes);
    case 'file':
      return filePiece(body.path, offsetBytes, lengthBytes);
  }
}

function patternPiece(seed: number, offsetBytes: number, lengthBytes: number): Buffer {
  const pattern = patterns.get(seed) ?? makePattern(seed);
  const start = offsetBytes % PERIOD_BYTES;
  return pattern.subarray(start, start + Math.min(lengthBytes, PERIOD_BYTES - start));
}

function makePattern(seed: number): Buffer {
  const pattern = Buffer.allocUnsafe(PERIOD_BYTES);
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  for (let i = 0; i < PERIOD_BYTES; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    pattern[i] = state >>> 24;
  }
  patterns.set(seed, pattern);
  return pattern;
}

const FILE_PIECE_BYTES = 1_048_576;

function filePiece(path: string, offsetBytes: number, lengthBytes: number): Buffer {
  const wanted = Math.min(lengthBytes, FILE_PIECE_BYTES);
  const bytes = Buffer.allocUnsafe(wanted);
  const fd = openSync(path, 'r');
  try {
    let done = 0;
    while (done < wanted) {
      const count = readSync(fd, bytes, done, wanted - done, offsetBytes + done);
      if (count === 0) throw new Error(`${path} ends before byte ${String(offsetBytes + done)}`);
      done += count;
    }
  } finally {
    closeSync(fd);
  }
  return bytes;
}
