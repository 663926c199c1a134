/** How much memory a worker has for what it reads and does not keep, where nobody has said. */
import { totalmem } from 'node:os';
import { GIB } from '../common/index.ts';
import { memoryLimit } from './doctor/memory.ts';
import { readText } from './doctor/read-text.ts';

/** With 512 MiB a worker has 100 MiB to spare when all else is in use. */
const SHARE = 1 / 16;
/** Twice what a node fetches ahead at 1 GB/s from an origin that answers in 200 ms, and as much for who reads it. */
const MOST_BYTES = GIB;

export function defaultTransitBytes(
  limitBytes = memoryLimit(readText('/proc/self/cgroup')),
  machineBytes = totalmem(),
): number {
  return Math.min(MOST_BYTES, Math.floor(Math.min(limitBytes, machineBytes) * SHARE));
}
