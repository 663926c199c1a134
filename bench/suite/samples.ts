/**
 * The ways of measuring that rows share: warm or cold, one large file or many small ones.
 *
 * Each returns the figure of one contender once. What was dropped before is what the row's `before` says.
 */
import { join } from 'node:path';
import { Disposals } from '../../common/index.ts';
import { run } from '../processes.ts';
import type { Bench } from './bench.ts';
import { BIG_FILE, BUCKET, SMALL_FILE_BYTES } from './origin.ts';
import { dropCaches, dropPagesOf } from './page-cache.ts';
import { readBig } from './readers/fio.ts';
import type { BigRead, Speed } from './readers/fio.ts';
import { readFiles, shuffled } from './readers/files.ts';
import type { ContenderName } from './contender.ts';
import type { Scene } from './scene.ts';

const BASELINE = join(import.meta.dirname, 'baseline/main.js');
const FIRST_BYTE = join(import.meta.dirname, 'readers/first-byte/main.js');

/** `in order`: directory after directory; `shuffled`: as a sampler has it. */
export interface SmallRead {
  readonly threads: number;
  readonly order: 'in order' | 'shuffled';
  readonly passes?: number;
}

/** The whole file is on the disk and in the page cache; the mount's own pages are dropped. */
export async function warmBig(
  bench: Bench,
  contender: ContenderName,
  read: BigRead,
): Promise<Speed> {
  const { scene, path } = await warmFile(bench, contender);
  return timed(bench, scene, contender, () => readBig(path, bench.options.bigBytes, read));
}

/** In milliseconds, after a remount. */
export async function warmFirstByte(bench: Bench, contender: ContenderName): Promise<number> {
  const { scene, path } = await warmFile(bench, contender);
  if (contender !== 'native') await (await scene.show(contender)).remount();
  return firstByte(path);
}

/** From an empty cache; the origin's file is in its page cache. In bytes per second. */
export async function coldBig(
  bench: Bench,
  contender: ContenderName,
  read: BigRead,
  limitBytesPerSecond?: number,
): Promise<number> {
  const { bigBytes } = bench.options;
  if (contender === 'baseline') return baseline(bench, read.readers, limitBytesPerSecond);
  await using scene = await bench.coldScene('big', limitBytesPerSecond);
  const { directory } = await scene.show(contender);
  const path = join(directory, BIG_FILE);
  if (contender === 'native') await dropPagesOf(path);
  const speed = await timed(bench, scene, contender, () => readBig(path, bigBytes, read));
  return speed.bytesPerSecond;
}

/** From an empty cache, in milliseconds. */
export async function coldFirstByte(bench: Bench, contender: ContenderName): Promise<number> {
  await using scene = await bench.coldScene('big');
  const path = join((await scene.show(contender)).directory, BIG_FILE);
  if (contender === 'native') await dropPagesOf(path);
  return await timed(bench, scene, contender, () => firstByte(path));
}

/** Everything is on the disk, and was read through this mount: what the kernel keeps it keeps. */
export async function hotSmall(
  bench: Bench,
  contender: ContenderName,
  read: SmallRead,
): Promise<number> {
  const scene = await bench.warmScene('files');
  const { directory } = await scene.warm(contender);
  await readSmall(bench, directory, { ...read, passes: 1 });
  return timed(bench, scene, contender, () => readSmall(bench, directory, read));
}

/** Everything is on the disk and nothing in memory: a fresh mount, caches dropped. */
export async function remountedSmall(
  bench: Bench,
  contender: ContenderName,
  read: SmallRead,
): Promise<number> {
  const scene = await bench.warmScene('files');
  const { directory, remount } = await scene.warm(contender);
  await remount();
  await dropCaches();
  return timed(bench, scene, contender, () => readSmall(bench, directory, read));
}

/** From an empty cache; the origin's files are in its page cache. */
export async function coldSmall(
  bench: Bench,
  contender: ContenderName,
  read: SmallRead,
): Promise<number> {
  await using stack = new Disposals();
  const scene = stack.use(await bench.coldScene('files'));
  const { directory } = await scene.show(contender);
  if (contender === 'native') {
    stack.defer(() => bench.warmOrigin());
    await dropCaches();
  }
  return await timed(bench, scene, contender, () => readSmall(bench, directory, read));
}

/** `find` with the size of each entry, in entries per second. */
export async function find(directory: string, entries: number): Promise<number> {
  const since = performance.now();
  const script = 'find "$1" -type f -printf "%s\\n" | wc -l';
  const output = await run({ program: 'sh', args: ['-c', script, 'sh', directory] }, 600_000);
  const seconds = (performance.now() - since) / 1_000;
  if (Number(output) !== entries)
    throw new Error(`find shows ${output.trim()} of ${entries} files`);
  return entries / seconds;
}

/** Under the profiler, where one was asked for. */
export function timed<T>(
  bench: Bench,
  scene: Scene,
  contender: ContenderName,
  use: () => Promise<T>,
): Promise<T> {
  const { profiler } = bench.options;
  if (profiler === undefined || contender === 'native') return use();
  return profiler.during(contender, scene.larderPids, use);
}

async function warmFile(
  bench: Bench,
  contender: ContenderName,
): Promise<{ scene: Scene; path: string }> {
  const scene = await bench.warmScene('big');
  if (contender === 'native') {
    return { scene, path: await scene.completeObject(bench.options.bigBytes) };
  }
  const path = join((await scene.warm(contender)).directory, BIG_FILE);
  await dropPagesOf(path);
  return { scene, path };
}

async function readSmall(bench: Bench, directory: string, read: SmallRead): Promise<number> {
  const { smallFiles } = await bench.origin();
  const files = read.order === 'shuffled' ? shuffled(smallFiles) : smallFiles;
  const { threads, passes = 1 } = read;
  return readFiles({ directory, files, fileBytes: SMALL_FILE_BYTES, threads, passes });
}

async function firstByte(path: string): Promise<number> {
  return Number(await run({ program: process.execPath, args: [FIRST_BYTE, path] }));
}

async function baseline(bench: Bench, readers: number, limit?: number): Promise<number> {
  const { bigBytes, scratch } = bench.options;
  const origin = await bench.origin();
  const endpoint = limit === undefined ? origin.endpoint : await bench.limitedEndpoint(limit);
  const target = join(scratch, 'baseline.bin');
  await run({ program: 'sync', args: [] });
  await using stack = new Disposals();
  stack.defer(async () => {
    await run({ program: 'rm', args: ['-f', target] });
  });
  const path = `/${BUCKET}/big/${BIG_FILE}`;
  const args = [BASELINE, endpoint, path, String(bigBytes), target, String(readers)];
  return bigBytes / Number(await run({ program: process.execPath, args }));
}
