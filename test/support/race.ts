/**
 * Readers of every kind against everything that makes a growing object's bytes come and go: a cache far smaller
 * than what is read, whose size changes, and processes that are killed.
 *
 * Every byte is a known function of its file and offset, and is checked.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually, isRunning, TEST_CREDENTIALS } from './larder.ts';
import type { ProcessInfo } from './larder.ts';
import { TestParts } from './parts.ts';
import type { Part } from './parts.ts';
import { patternBytes, startS3Server } from './s3/index.ts';

export interface RaceOptions {
  readonly seconds: number;
  readonly readers: number;
  /** Between two disturbances. */
  readonly everyMs: number;
}

export interface RaceResult {
  /** Of all files together. */
  readonly setBytes: number;
  readonly originBytes: number;
  /** Files of which the origin sent more than all bytes. */
  readonly fetchedAgain: number;
  readonly readBytes: number;
  readonly ways: readonly string[];
  readonly killed: Readonly<Record<'server' | 'worker', number>>;
}

type Ways = Readonly<Record<string, { readonly files: number; readonly bytes: number }>>;

const execute = promisify(execFile);
const MIB = 1024 * 1024;
const READER = path.join(import.meta.dirname, 'readers/racing.py');
/** Small ones, which are fetched whole, and larger ones; none is whole chunks. */
const SIZES = [0.3, 5, 11, 17, 19, 23, 27, 33].map((mib) => Math.floor(mib * MIB) + 4_321);
const FILES = 16;
const PERIOD_BYTES = 1_048_573;
const CACHE_SIZES = ['64MiB', '24MiB', '12MiB'];

/** @throws where a reader met an error or a wrong byte, with what it says */
export async function race(options: RaceOptions): Promise<RaceResult> {
  await using parts = new TestParts();
  await using s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  const patterns = parts.larder.folder('patterns');
  const sizes = new Map<string, number>();
  for (let seed = 0; seed < FILES; seed += 1) {
    const name = `f${String(seed)}`;
    const sizeBytes = SIZES[seed % SIZES.length] ?? MIB;
    sizes.set(name, sizeBytes);
    s3.put('b', name, { kind: 'pattern', sizeBytes, seed });
    fs.writeFileSync(path.join(patterns, name), patternBytes(seed, 0, PERIOD_BYTES));
  }
  await parts.master();
  const disturber = new Disturber(parts);
  await disturber.startWorker();
  await parts.dataset('d', 's3://b', `endpoint=${s3.endpoint}`, 'blockSize=1MiB');
  const mountpoint = await parts.mount('d');
  const { seconds, readers, everyMs } = options;
  const running = Array.from({ length: readers }, async (_, seed) => {
    const args = [READER, mountpoint, patterns, String(seconds), String(seed)];
    return JSON.parse((await execute('python3', args)).stdout) as Ways;
  });
  const all = Promise.all(running);
  const over = all.then(
    () => true,
    () => true,
  );
  for (;;) {
    const pause = new Promise<boolean>((resolve) => setTimeout(resolve, everyMs, false));
    if (await Promise.race([over, pause])) break;
    await disturber.disturb();
  }
  const ways = await all;
  return {
    setBytes: [...sizes.values()].reduce((sum, sizeBytes) => sum + sizeBytes),
    originBytes: s3.counters.bytes,
    fetchedAgain: [...sizes].filter(([name, sizeBytes]) => s3.bytesServed('b', name) > sizeBytes)
      .length,
    readBytes: ways.flatMap((one) => Object.values(one)).reduce((sum, { bytes }) => sum + bytes, 0),
    ways: [...new Set(ways.flatMap((one) => Object.keys(one)))].sort(),
    killed: disturber.killed,
  };
}

class Disturber {
  readonly killed = { server: 0, worker: 0 };
  readonly #parts: TestParts;
  readonly #configFile: string;
  readonly #cacheDirectory: string;
  #worker: Part | undefined;
  #rounds = 0;

  constructor(parts: TestParts) {
    this.#parts = parts;
    this.#configFile = path.join(parts.larder.directory, 'worker.yaml');
    this.#cacheDirectory = parts.larder.folder('worker');
    this.#setCacheSize();
  }

  async startWorker(): Promise<void> {
    const flags = ['--cache-dir', this.#cacheDirectory, '--config', this.#configFile];
    this.#worker = await this.#parts.worker({ flags });
  }

  async disturb(): Promise<void> {
    this.#rounds += 1;
    if (this.#rounds % 3 === 0) await this.#killWorker();
    else if (this.#rounds % 3 === 1) await this.#killServer();
    else {
      this.#setCacheSize();
      process.kill(this.#worker?.pid ?? 0, 'SIGHUP');
    }
  }

  #setCacheSize(): void {
    const size = CACHE_SIZES[Math.floor(this.#rounds / 3) % CACHE_SIZES.length] ?? '';
    fs.writeFileSync(this.#configFile, `cacheSize: ${size}\n`);
  }

  async #killWorker(): Promise<void> {
    this.#worker?.process.kill('SIGKILL');
    this.killed.worker += 1;
    await this.startWorker();
  }

  async #killServer(): Promise<void> {
    const pid = await eventually(() => this.#serverPid());
    process.kill(pid, 'SIGKILL');
    this.killed.server += 1;
  }

  /** From the records of processes: the command that shows them takes a second of this machine. */
  #serverPid(): number | undefined {
    const directory = path.join(this.#parts.larder.directory, 'run/instances');
    for (const name of fs.readdirSync(directory)) {
      const text = fs.readFileSync(path.join(directory, name), 'utf8');
      const { role, pid } = JSON.parse(text) as ProcessInfo;
      if (role === 'server' && isRunning(pid)) return pid;
    }
    return undefined;
  }
}
