/** What bounds a row: the CPU time that each process took, against the bytes that readers were given. */
import { GIB } from '../../common/index.ts';
import type { TestHosts } from '../../test/support/hosts.ts';
import type { HostProcess } from '../../test/support/hosts.ts';
import { cpuSecondsOf } from '../process-use.ts';

export class CpuMeter {
  readonly #processes: ReadonlyMap<string, readonly HostProcess[]>;
  readonly #before = new Map<number, number>();
  readonly #sinceMs = performance.now();

  /** @param readers those that ask */
  constructor(hosts: TestHosts, readers: readonly HostProcess[]) {
    this.#processes = new Map([
      ['S3 server', [hosts.s3]],
      ['master', [hosts.master]],
      ['workers', [...hosts.workers.values()]],
      ['readers', readers],
    ]);
    for (const process of this.#all()) this.#before.set(process.pid, cpuSeconds(process.pid));
  }

  /** `CPU s/GiB: workers 1.2, readers 0.9 …; 1.8 of 2 cores busy`, of processes that still run. */
  bound(bytes: number, cores: number): string {
    const used = (processes: readonly HostProcess[]) =>
      processes.reduce((sum, { pid }) => {
        const before = this.#before.get(pid);
        return before === undefined ? sum : sum + Math.max(0, cpuSeconds(pid) - before);
      }, 0);
    const parts = [...this.#processes].map(
      ([name, processes]) => `${name} ${(used(processes) / (bytes / GIB)).toFixed(2)}`,
    );
    const seconds = (performance.now() - this.#sinceMs) / 1_000;
    const busy = (used(this.#all()) / seconds).toFixed(1);
    return `CPU s/GiB: ${parts.join(', ')}; ${busy} of ${cores} cores busy`;
  }

  #all(): HostProcess[] {
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
