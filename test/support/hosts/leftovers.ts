/**
 * Ends what a cluster of hosts has started: the network and mount namespaces end with their processes.
 *
 * Always true: only processes whose environment names the cluster's directory are ended, and every process
 * of the cluster has it there, also those that others of them started.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isRunning } from '../larder.ts';

/** In the environment of every process of a cluster: its directory. */
export const HOSTS_VARIABLE = 'TEST_HOSTS_DIRECTORY';

const PREFIX = 'larder-hosts-';
const GIVE_UP_MS = 10_000;

/** For the processes of one cluster; whose it is stands in its name. */
export function makeHostsDirectory(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), `${PREFIX}${String(process.pid)}-`));
}

/** Waits until nothing is left of the cluster: no process, no mount, no directory. */
export function sweep(directory: string): void {
  const deadline = performance.now() + GIVE_UP_MS;
  for (let left = processesOf(directory); left.length > 0; left = processesOf(directory)) {
    for (const pid of left) tryKill(pid);
    if (performance.now() > deadline) {
      throw new Error(`processes of ${directory} do not end: ${left.join(' ')}`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  for (const mountpoint of mountsBelow(directory)) execFileSync('umount', ['-l', mountpoint]);
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** What runs left whose process is gone, guard and all. */
export function sweepEarlier(): void {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) sweep(path.join(os.tmpdir(), name));
  }
}

/** The processes of a cluster that run. */
export function processesOf(directory: string): number[] {
  const wanted = Buffer.from(`\0${HOSTS_VARIABLE}=${directory}\0`);
  return fs.readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const environment = Buffer.concat([Buffer.from('\0'), readBytes(`/proc/${name}/environ`)]);
    return environment.includes(wanted) ? [Number(name)] : [];
  });
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** The innermost first. */
function mountsBelow(directory: string): string[] {
  const lines = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const points = lines.flatMap((line) => line.split(' ')[4] ?? []);
  return points.filter((point) => point.startsWith(`${directory}/`)).reverse();
}

/** Nothing of a process that has ended. */
function readBytes(file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
