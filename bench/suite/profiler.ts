/**
 * `--profile ROW`: where the CPU time of Larder's processes goes while a row is measured.
 *
 * Node's own profiles (`--cpu-prof`) of processes that end by themselves, which the server of a mount does not;
 * and, where `perf` is installed, one profile of all of them with kernel and native code, as a
 * report in text.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isInstalled, keep, run } from '../processes.ts';
import type { ContenderName } from './contender.ts';

/** Odd, so that it does not step with a timer of the process. */
const PER_SECOND = 997;
const RAW = 'raw';
const MAPS = '/tmp';

export class Profiler {
  readonly #directory: string;
  readonly #row: string;
  readonly #seen = new Map<number, ContenderName>();
  readonly #earlierMaps = new Set(mapFiles());

  constructor(directory: string, row: string) {
    this.#directory = resolve(directory);
    this.#row = row;
    mkdirSync(join(this.#directory, RAW), { recursive: true });
  }

  /** For the processes that are to be profiled. */
  get environment(): NodeJS.ProcessEnv {
    const options = [
      '--cpu-prof',
      `--cpu-prof-dir=${join(this.#directory, RAW)}`,
      '--perf-basic-prof',
      '--interpreted-frames-native-stack',
    ];
    return { NODE_OPTIONS: options.join(' ') };
  }

  /** Runs `use` under perf. */
  async during<T>(
    contender: ContenderName,
    pids: readonly number[],
    use: () => Promise<T>,
  ): Promise<T> {
    for (const pid of pids) this.#seen.set(pid, contender);
    if (pids.length === 0 || !(await isInstalled('perf'))) return use();
    const data = join(this.#directory, RAW, 'perf.data');
    const options = ['-F', String(PER_SECOND), '-g', '-p', pids.join(','), '-o', data];
    const recording = keep({ program: 'perf', args: ['record', ...options] });
    try {
      return await use();
    } finally {
      await recording[Symbol.asyncDispose]();
      await this.#report(contender, data);
    }
  }

  /** Once the processes have ended: keeps the profiles of those that were read from. */
  async collect(): Promise<void> {
    const raw = join(this.#directory, RAW);
    for (const file of await readdir(raw)) {
      // CPU.date.time.pid.thread.sequence.cpuprofile
      const contender = this.#seen.get(Number(file.split('.')[3]));
      if (!file.endsWith('.cpuprofile') || contender === undefined) continue;
      await rename(join(raw, file), join(this.#directory, this.#name(contender, file)));
    }
    await rm(raw, { recursive: true });
    for (const map of mapFiles()) if (!this.#earlierMaps.has(map)) await rm(map, { force: true });
  }

  async #report(contender: ContenderName, data: string): Promise<void> {
    const options = [
      '--stdio',
      '--no-children',
      '-g',
      'caller,0.5,callee',
      '--percent-limit',
      '0.5',
    ];
    const report = await run({ program: 'perf', args: ['report', '-i', data, ...options] });
    await writeFile(join(this.#directory, this.#name(contender, 'perf.txt')), report);
  }

  #name(contender: ContenderName, file: string): string {
    return [this.#row, contender.replace(' ', '-'), file].join('.');
  }
}

/** Where perf looks for the names of compiled functions, whatever the temporary directory is. */
function mapFiles(): string[] {
  const names = readdirSync(MAPS).filter((name) => /^perf-\d+\.map$/.test(name));
  return names.map((name) => join(MAPS, name));
}
