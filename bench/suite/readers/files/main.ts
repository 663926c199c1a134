/**
 * Opens, reads and closes files, as data loaders do: threads of one process, each with every n-th file.
 *
 *     node main.js DIRECTORY LIST THREADS PASSES
 *
 * LIST has a path below DIRECTORY in each line. Prints how long all took from the moment when every
 * thread was ready, as JSON. In Node, so that it needs nothing that is not there: three system calls
 * into a buffer that is used again cost about 20 µs for a file of 100 KB, on every side alike; that
 * cost is part of all rates, so ratios are a little nearer to one than they would be in C.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { systemClock } from '../../../../common/index.ts';

interface Share {
  readonly directory: string;
  readonly list: string;
  readonly thread: number;
  readonly threads: number;
  readonly passes: number;
  /** 0 until the threads may begin. */
  readonly gate: Int32Array;
}

/** More than a file has: a short read shows its end. */
const BUFFER_BYTES = 128 * 1024;

if (isMainThread) await main();
else readShare(workerData as Share);

async function main(): Promise<void> {
  const [directory = '', list = '', threadsText, passesText] = process.argv.slice(2);
  const threads = Number(threadsText);
  const gate = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const shares = Array.from({ length: threads }, (_, thread): Share => {
    return { directory, list, thread, threads, passes: Number(passesText), gate };
  });
  const workers = shares.map((share) => new Worker(import.meta.filename, { workerData: share }));
  await Promise.all(workers.map((worker) => messageOf(worker)));
  const ends = workers.map((worker) => messageOf(worker));
  const since = systemClock.monotonicMs();
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  const counts = await Promise.all(ends);
  const seconds = (systemClock.monotonicMs() - since) / 1_000;
  const sum = (field: 'files' | 'bytes') => counts.reduce((total, each) => total + each[field], 0);
  process.stdout.write(JSON.stringify({ files: sum('files'), bytes: sum('bytes'), seconds }));
}

function messageOf(worker: Worker): Promise<{ files: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function readShare({ directory, list, thread, threads, passes, gate }: Share): void {
  const paths = readFileSync(list, 'utf8')
    .split('\n')
    .filter((line, index) => line !== '' && index % threads === thread)
    .map((line) => join(directory, line));
  const buffer = Buffer.alloc(BUFFER_BYTES);
  let bytes = 0;
  parentPort?.postMessage('ready');
  Atomics.wait(gate, 0, 0);
  for (let pass = 0; pass < passes; pass += 1) {
    for (const path of paths) bytes += readFile(path, buffer);
  }
  parentPort?.postMessage({ files: paths.length * passes, bytes });
}

/** @returns its length */
function readFile(path: string, buffer: Buffer): number {
  const fd = openSync(path, 'r');
  let total = 0;
  for (;;) {
    const count = readSync(fd, buffer, 0, buffer.length, null);
    total += count;
    if (count < buffer.length) break;
  }
  closeSync(fd);
  return total;
}
