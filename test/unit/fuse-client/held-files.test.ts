/** What the event loop reads of the files that the worker names. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completePath, GROWING_DIRECTORY, growingName } from '../../../common/index.ts';
import { readHeld } from '../../../fuse-client/held-files.ts';

const MIB = 1024 * 1024;
const OBJECT = 'ab'.repeat(20);

let root: string;
let complete: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-held-'));
  complete = path.join(root, 'complete');
  fs.mkdirSync(path.join(root, GROWING_DIRECTORY));
  fs.mkdirSync(path.dirname(completePath(complete, OBJECT)), { recursive: true });
});

afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

const growing = (incarnation: number) =>
  path.join(root, GROWING_DIRECTORY, growingName(OBJECT, incarnation));

async function read(incarnation: number, offsetBytes: number, lengthBytes: number) {
  const into = Buffer.alloc(lengthBytes);
  const range = { objectId: OBJECT, incarnation, offsetBytes };
  return (await readHeld(complete, range, into)) ? into.toString('latin1') : undefined;
}

test('the file of the incarnation is read, or the complete one that it has become', async () => {
  fs.writeFileSync(growing(3), 'growing');
  expect(await read(3, 1, 3)).toBe('row');
  expect(await read(4, 1, 3)).toBeUndefined();
  fs.renameSync(growing(3), completePath(complete, OBJECT));
  expect(await read(3, 1, 3)).toBe('row');
  fs.unlinkSync(completePath(complete, OBJECT));
  expect(await read(3, 1, 3)).toBeUndefined();
});

test('a file that ends before the range does is not enough', async () => {
  fs.writeFileSync(growing(3), 'growing');
  expect(await read(3, 5, 3)).toBeUndefined();
});

test('nothing beyond the range gets into the page cache: there may be holes', async ({ skip }) => {
  if (spawnSync('fincore', ['--version']).error !== undefined) {
    skip('needs fincore (util-linux)');
    return;
  }
  const file = growing(3);
  const fd = fs.openSync(file, 'w');
  fs.writeSync(fd, Buffer.alloc(2 * MIB, 'x'), 0, 2 * MIB, 0);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  const drop = 'import os,sys; f=os.open(sys.argv[1],0); os.posix_fadvise(f,0,0,4)';
  execFileSync('python3', ['-c', drop, file]);
  const cachedBytes = () =>
    Number(execFileSync('fincore', ['--bytes', '--noheadings', '--output', 'RES', file]));
  expect(cachedBytes()).toBe(0);
  for (let at = 0; at < MIB; at += 64 * 1024) expect(await read(3, at, 64 * 1024)).toBeDefined();
  expect(cachedBytes()).toBe(MIB);
});
