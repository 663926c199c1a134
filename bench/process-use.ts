/** What a process has used, from /proc: memory that is its own, of files that it maps, CPU time. */
import { readFileSync, writeFileSync } from 'node:fs';

export interface Memory {
  readonly rssBytes: number;
  readonly anonBytes: number;
  readonly fileBytes: number;
  /** The most that `rssBytes` was, since the last `resetPeak`. */
  readonly peakBytes: number;
}

/** The kernel counts in this, whatever the machine (USER_HZ). */
const TICKS_PER_SECOND = 100;

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (field: string) =>
    1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
  return {
    rssBytes: kilobytes('VmRSS'),
    anonBytes: kilobytes('RssAnon'),
    fileBytes: kilobytes('RssFile'),
    peakBytes: kilobytes('VmHWM'),
  };
}

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** User and system time so far, of all threads. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
