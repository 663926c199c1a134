/** Epochs of several readers at once, and what a fault during one of them may not do. */
import { expect } from 'vitest';
import type { HostClient } from './hosts/client.ts';
import { totalBytes } from './hosts/files.ts';
import { HOSTS_MISSING } from './hosts/network.ts';
import type { ReadPlan, ReadReport } from './hosts/read-all.ts';

if (HOSTS_MISSING !== undefined) console.log(`no cluster of hosts can be had: ${HOSTS_MISSING}`);

/** What readers are given to find another worker: one that hangs costs `hangTimeoutMs`, now and then. */
export const PATIENCE = { readTimeoutMs: 15_000, attemptTimeoutMs: 6_000, hangTimeoutMs: 2_500 };

/** What a read may take beyond its deadline on a busy machine: its timer, and opening the file. */
const LATE_MS = 5_000;

/** Every reader reads everything, while `during` happens. */
export async function epoch(
  readers: readonly HostClient[],
  plan: ReadPlan,
  during: () => Promise<unknown> = () => Promise.resolve(),
): Promise<ReadReport[]> {
  const reading = Promise.all(readers.map((reader) => reader.read(plan)));
  const [reports] = await Promise.all([reading, during()]);
  return reports;
}

/** No read failed, none was late, all bytes are right. */
export function expectRight(reports: readonly ReadReport[], plan: ReadPlan): void {
  for (const report of reports) {
    // A few of them tell what there is to tell.
    expect(report.failed.slice(0, 3)).toEqual([]);
    expect(report.wrong.slice(0, 3)).toEqual([]);
    expect(report.bytes).toBe(totalBytes(plan.files));
    expect(report.slowestMs).toBeLessThan(PATIENCE.readTimeoutMs + LATE_MS);
  }
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
