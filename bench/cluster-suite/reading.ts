/** Readers of a row, and what they must not meet. */
import { cpus } from 'node:os';
import type { HostClient, ReadPlan, ReadReport, TestHosts } from '../../test/support/hosts.ts';
import { CpuMeter } from './cpu.ts';

export interface Reading {
  readonly reports: readonly ReadReport[];
  readonly bytes: number;
  /** From the first to the last byte of all. */
  readonly seconds: number;
  readonly bound: string;
}

/** All read the same at once. @throws where bytes were wrong or reads failed */
export async function readTogether(
  hosts: TestHosts,
  readers: readonly HostClient[],
  plan: ReadPlan,
): Promise<Reading> {
  const processes = readers.map((reader) => reader.process);
  const meter = new CpuMeter(hosts, processes);
  const since = performance.now();
  const reports = await Promise.all(readers.map((reader) => reader.read(plan)));
  const seconds = (performance.now() - since) / 1_000;
  const bytes = reports.reduce((sum, report) => sum + report.bytes, 0);
  checkRight(reports);
  return { reports, bytes, seconds, bound: meter.bound(bytes, cpus().length) };
}

export function checkRight(reports: readonly ReadReport[]): void {
  for (const { wrong, failed } of reports) {
    const [first] = failed;
    if (wrong.length > 0) throw new Error(`${wrong.length} files had wrong bytes: ${wrong[0]}`);
    if (first !== undefined) {
      throw new Error(`${failed.length} reads failed; of ${first.path}: ${first.why}`);
    }
  }
}

/** Preloads a dataset. @throws unless all of it is held then */
export async function hold(hosts: TestHosts, name: string): Promise<void> {
  const state = await hosts.control.preload(name);
  if (state !== 'complete') throw new Error(`the preload of ${name} ended as ${state}`);
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

export const MBIT = 1e6;
