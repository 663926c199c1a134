/** Many files, each opened, read to its end and closed: by `files/main.ts`, as a process of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Disposals } from '../../../common/index.ts';
import { run } from '../../processes.ts';

export interface FilesRead {
  readonly directory: string;
  /** Below it. */
  readonly files: readonly string[];
  readonly fileBytes: number;
  readonly threads: number;
  readonly passes?: number;
}

const PROGRAM = join(import.meta.dirname, 'files/main.js');
const TIMEOUT_MS = 600_000;

/** @returns files per second */
export async function readFiles(read: FilesRead): Promise<number> {
  await using stack = new Disposals();
  const scratch = await mkdtemp(join(tmpdir(), 'larder-bench-list-'));
  stack.defer(() => rm(scratch, { recursive: true }));
  const list = join(scratch, 'list');
  await writeFile(list, read.files.join('\n'));
  const passes = read.passes ?? 1;
  const args = [PROGRAM, read.directory, list, String(read.threads), String(passes)];
  const output = await run({ program: process.execPath, args }, TIMEOUT_MS);
  const done = JSON.parse(output) as { files: number; bytes: number; seconds: number };
  const expected = read.files.length * passes;
  if (done.files !== expected || done.bytes !== expected * read.fileBytes) {
    throw new Error(`${read.directory}: ${done.files} files, ${done.bytes} bytes were read`);
  }
  return done.files / done.seconds;
}

/** In an order that is the same in each run and not that of the directories. */
export function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  // Park and Miller's generator: it need not be good.
  let state = 20_261;
  for (let last = order.length - 1; last > 0; last -= 1) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (last + 1);
    const item = order[last] as T;
    order[last] = order[other] as T;
    order[other] = item;
  }
  return order;
}
