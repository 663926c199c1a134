/** Directory trees to read through Larder, and their comparison. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A little of everything that a directory can hold: depths, sizes, links, modes, names. */
export function makeTree(directory: string): void {
  const write = (name: string, bytes: Buffer | string, mode = 0o644) => {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
    fs.chmodSync(file, mode);
  };
  write('empty', '');
  write('one-byte', 'x');
  write('chunk', randomBytes(256 * 1024));
  write('chunk-and-one', randomBytes(256 * 1024 + 1));
  write('block-less-one', randomBytes(4 * 1024 * 1024 - 1));
  write('blocks', randomBytes(9 * 1024 * 1024 + 12_345));
  write('script.sh', '#!/bin/sh\n', 0o755);
  write('private', 'secret', 0o600);
  write('deep/a/b/c/d/e/f/g', 'deep');
  write('sorted/blue', 'file');
  write('sorted/blue-1', 'one');
  write('sorted/blue.txt', 'text');
  write('sorted/blue0', 'zero');
  write('sorted/blues/x', 'directory');
  write('names/with space', 'a');
  write('names/new\nline', 'b');
  write('names/ümläut-😀', 'c');
  write('names/percent%2Fplus+', 'd');
  fs.mkdirSync(path.join(directory, 'empty-directory'));
  for (let i = 0; i < 1_500; i += 1)
    write(`many/${String(i).padStart(5, '0')}.txt`, `number ${String(i)}\n`);
  fs.symlinkSync('one-byte', path.join(directory, 'link'));
  fs.symlinkSync('/nowhere/at/all', path.join(directory, 'dangling'));
  fs.symlinkSync('deep/a', path.join(directory, 'link-to-directory'));
}

/** What `diff -r --no-dereference` prints: empty where the trees are equal. */
export async function differences(a: string, b: string): Promise<string> {
  const { stdout } = await execute('diff', ['-r', '--no-dereference', a, b]).catch(
    (error: unknown) => {
      if (error instanceof Error && 'stdout' in error)
        return { stdout: `${String(error.stdout)}${error.message}` };
      throw error;
    },
  );
  return stdout;
}

/** SHA-256 of a file, read in another process so that a hanging mount does not hang the test. */
export async function sha256(file: string): Promise<string> {
  const { stdout } = await execute('sha256sum', [file]);
  return stdout.slice(0, 64).replace(/^\\/, '');
}

export function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
