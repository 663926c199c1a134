/** A file with one path per line, as `find -printf '%P\n'` writes it; names are bytes. */
import fs from 'node:fs';
import { LarderError, MAX_PATH_BYTES, systemCode } from '../common/index.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A preload takes at most 3 MiB of paths: what is much longer is something else. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/**
 * @param name `-` is the standard input
 * @throws {LarderError} `INVALID_ARGUMENT` with the line, where one is no path, and where there is none
 */
export async function readPathList(name: string): Promise<Buffer[]> {
  const stream = name === '-' ? process.stdin : fs.createReadStream(name);
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > MAX_LIST_BYTES) break;
    }
  } catch (error) {
    const line = linesOf(Buffer.concat(pieces)).length;
    const why = systemCode(error) ?? 'it cannot be read';
    const facts = bytes === 0 ? { list: name, why } : { list: name, line, why };
    throw new LarderError('INVALID_ARGUMENT', facts, { cause: error });
  }
  if (bytes > MAX_LIST_BYTES) {
    const expected = `at most ${String(MAX_LIST_BYTES)} bytes`;
    throw new LarderError('INVALID_ARGUMENT', { list: name, expected });
  }
  return parsePathList(name, Buffer.concat(pieces));
}

/** Empty lines are left out. @throws {LarderError} as `readPathList` */
export function parsePathList(name: string, bytes: Buffer): Buffer[] {
  const paths: Buffer[] = [];
  for (const [i, path] of linesOf(bytes).entries()) {
    if (path.length === 0) continue;
    const problem = problemOf(path);
    if (problem !== undefined) {
      throw new LarderError('INVALID_ARGUMENT', { list: name, line: i + 1, problem });
    }
    paths.push(path);
  }
  if (paths.length > 0) return paths;
  throw new LarderError('INVALID_ARGUMENT', { list: name, expected: 'a path on each line' });
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

function problemOf(path: Buffer): string | undefined {
  if (path.length > MAX_PATH_BYTES) return `longer than ${String(MAX_PATH_BYTES)} bytes`;
  if (path.includes(0)) return 'it has a zero byte';
  if (path.at(-1) === CARRIAGE_RETURN) return 'it ends in a carriage return';
  const names = path.toString('latin1').split('/');
  return names.some((one) => one === '.' || one === '..') ? 'it has . or .. in it' : undefined;
}
