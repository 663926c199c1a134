/** What bounds a row: the CPU time that each process took, against the bytes that readers were given. */
import { GIB } from '../../common/index.ts';
import type { TestHosts } from '../../test/support/hosts.ts';
import { cpuSecondsOf } from '../process-use.ts';

interface Process {
  readonly pid: number;
}

export class CpuMeter {
  readonly #processes: ReadonlyMap<string, readonly Process[]>;
  readonly #before = new Map<number, number>();
  readonly #sinceMs = performance.now();

  /**
   * @param readers those that ask
   * @param mounts servers of mounts through which they do
   */
  constructor(hosts: TestHosts, readers: readonly Process[], mounts: readonly Process[] = []) {
    this.#processes = new Map([
      ['S3 server', [hosts.s3]],
      ['master', [hosts.master]],
      ['workers', [...hosts.workers.values()]],
      ['readers', readers],
      ['mounts', mounts],
    ]);
    for (const process of this.#all()) this.#before.set(process.pid, cpuSeconds(process.pid));
  }

  /** `CPU s/GiB: workers 1.2, readers 0.9 …; 1.8 of 2 cores busy`, of processes that still run. */
  bound(bytes: number, cores: number): string {
    const used = (processes: readonly Process[]) =>
      processes.reduce((sum, { pid }) => {
        const before = this.#before.get(pid);
        return before === undefined ? sum : sum + Math.max(0, cpuSeconds(pid) - before);
      }, 0);
    const parts = [...this.#processes].flatMap(([name, processes]) => {
      const perGib = (used(processes) / (bytes / GIB)).toFixed(2);
      return processes.length === 0 ? [] : [`${name} ${perGib}`];
    });
    const seconds = (performance.now() - this.#sinceMs) / 1_000;
    const busy = (used(this.#all()) / seconds).toFixed(1);
    return `CPU s/GiB: ${parts.join(', ')}; ${busy} of ${cores} cores busy`;
  }

  #all(): Process[] {
    return [...this.#processes.values()].flat();
  }
}

/** 0 of one that has ended. */
function cpuSeconds(pid: number): number {
  try {
    return cpuSecondsOf(pid);
  } catch {
    return 0;
  }
}

/** Of this process, in milliseconds: finer than /proc has it. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
