/** A cgroup with a limit on memory, v1 or v2, for processes that are started in it. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';

export class MemoryGroup implements Disposable {
  readonly #directory: string;
  readonly #isV1: boolean;

  /** @returns why there is none here, where there is none */
  static make(name: string, limitBytes: number): MemoryGroup | string {
    try {
      return new MemoryGroup(`${name}-${String(process.pid)}`, limitBytes);
    } catch (error) {
      return `no memory cgroup can be made here: ${String(error)}`;
    }
  }

  constructor(name: string, limitBytes: number) {
    this.#isV1 = fs.existsSync(path.join(V1, 'memory.limit_in_bytes'));
    this.#directory = path.join(this.#isV1 ? V1 : V2, name);
    fs.mkdirSync(this.#directory);
    const limit = this.#isV1 ? 'memory.limit_in_bytes' : 'memory.max';
    try {
      fs.writeFileSync(path.join(this.#directory, limit), String(limitBytes));
    } catch (error) {
      fs.rmdirSync(this.#directory);
      throw error;
    }
  }

  /** Runs a program in it: `[…through, program, …args]`. */
  get through(): string[] {
    const script = `echo $$ > ${this.#directory}/cgroup.procs && exec "$@"`;
    return ['sh', '-c', script, 'sh'];
  }

  get peakBytes(): number {
    return this.#number(this.#isV1 ? 'memory.max_usage_in_bytes' : 'memory.peak');
  }

  /** Memory of the processes themselves, without the page cache. */
  get processBytes(): number {
    const name = this.#isV1 ? 'rss' : 'anon';
    const stat = this.#read('memory.stat');
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(stat)?.[1] ?? 0);
  }

  get oomKills(): number {
    const events = this.#read(this.#isV1 ? 'memory.oom_control' : 'memory.events');
    return Number(/^oom_kill (\d+)/m.exec(events)?.[1] ?? 0);
  }

  /** When its processes have ended. */
  [Symbol.dispose](): void {
    execFileSync(
      'sh',
      [
        '-c',
        `for i in 1 2 3 4 5 6 7 8 9 10; do rmdir ${this.#directory} && exit 0; sleep 0.2; done`,
      ],
      {
        stdio: 'ignore',
      },
    );
  }

  #read(name: string): string {
    return fs.readFileSync(path.join(this.#directory, name), 'utf8');
  }

  #number(name: string): number {
    return Number(this.#read(name));
  }
}
