/**
 * A disk that fails when it is told to: ext4 on a loop device whose sectors another process gives. The bytes of
 * one file cannot be read any more, while all else works, and what is written to a bad sector can be read
 * again; or all reads or writes fail; or nothing is answered.
 *
 * Needs root, losetup, mkfs.ext4 and filefrag.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const IMAGE_BYTES = 256 << 20;
const BLOCK_BYTES = 4096;

export const FAILING_DISK_MISSING =
  process.getuid?.() === 0 && spawnSync('filefrag', ['-V']).error === undefined
    ? undefined
    : 'needs root and filefrag';

export class FailingDisk implements Disposable {
  readonly path: string;
  readonly #directory: string;
  readonly #bad: string;
  readonly #server: ChildProcess;
  readonly #device: string;

  /** Use `createFailingDisk`. */
  constructor(directory: string, server: ChildProcess) {
    this.#directory = directory;
    this.#server = server;
    this.#bad = path.join(directory, 'bad');
    this.path = path.join(directory, 'disk');
    this.#device = run('losetup', '-f', '--show', path.join(directory, 'sectors/disk')).trim();
    run('mount', '-o', 'noatime', this.#device, this.path);
  }

  /** From here on reads of the file give EIO, of whatever is not in memory. */
  damage(file: string): void {
    run('sync', '-f', this.path);
    this.#tell({ ranges: extents(file), fail: [] });
    this.#forget(file);
  }

  /** From here on all reads, or all writes, give EIO; what is in memory can be read. */
  fail(...what: readonly ('reads' | 'writes')[]): void {
    this.#tell({ ranges: [], fail: what });
  }

  /** From here on nothing is answered. */
  hang(): void {
    this.#server.kill('SIGSTOP');
  }

  goOn(): void {
    this.#server.kill('SIGCONT');
  }

  /** Brings the disk up to date, and takes its objects out of the page cache. */
  forgetObjects(): void {
    run('sync', '-f', this.path);
    const files = fs.readdirSync(this.path, { recursive: true, encoding: 'utf8' });
    for (const name of files) {
      if (/[0-9a-f]{40}(\.\d+\.part)?$/.test(name)) this.#forget(path.join(this.path, name));
    }
  }

  #forget(file: string): void {
    run('dd', `if=${file}`, 'iflag=nocache', 'count=0', 'status=none');
  }

  #tell(told: unknown): void {
    fs.writeFileSync(`${this.#bad}.new`, JSON.stringify(told));
    fs.renameSync(`${this.#bad}.new`, this.#bad);
  }

  [Symbol.dispose](): void {
    this.goOn();
    run('umount', '-l', this.path);
    run('losetup', '-d', this.#device);
    run('umount', '-l', path.join(this.#directory, 'sectors'));
    this.#server.kill('SIGKILL');
    fs.rmSync(this.#directory, { recursive: true, maxRetries: 5, retryDelay: 100 });
  }
}

export async function createFailingDisk(): Promise<FailingDisk> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-disk-'));
  for (const name of ['sectors', 'disk']) fs.mkdirSync(path.join(directory, name));
  const image = path.join(directory, 'image');
  fs.writeFileSync(image, '');
  fs.truncateSync(image, IMAGE_BYTES);
  run('mkfs.ext4', '-q', '-b', String(BLOCK_BYTES), image);
  const program = path.join(import.meta.dirname, 'failing-disk-process.ts');
  const args = [path.join(directory, 'sectors'), image, path.join(directory, 'bad')];
  const server = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data');
  return new FailingDisk(directory, server);
}

/** Where the bytes of a file lie on its disk, from and to. */
function extents(file: string): (readonly [number, number])[] {
  return run('filefrag', '-v', file)
    .split('\n')
    .flatMap((line) => {
      // `   0:        0..    2047:      16384..     18431:   2048: …`
      const found = /^\s*\d+:\s*\d+\.\.\s*\d+:\s*(\d+)\.\.\s*(\d+):/.exec(line);
      if (found === null) return [];
      const [, first, last] = found.map(Number);
      return [[(first ?? 0) * BLOCK_BYTES, ((last ?? 0) + 1) * BLOCK_BYTES] as const];
    });
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: 20_000 });
}
