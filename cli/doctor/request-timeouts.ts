/**
 * The kernel's time-outs of FUSE requests (Linux 6.15 on). A request that takes longer does not fail:
 * the kernel aborts the whole connection, and the mount is gone.
 *
 * Larder asks for no time-out of its own, so the default counts, and the maximum where there is no
 * default (fs/fuse/inode.c, init_server_timeout).
 */
import { ok, problem, note, warning } from './check.ts';
import type { Check, Observation } from './check.ts';
import { readText } from './read-text.ts';

const FOLDER = '/proc/sys/fs/fuse';
/** The kernel looks every 15 s, and takes a shorter time-out as this. */
const KERNEL_STEP_S = 15;
/** A server's start, and a pause of a busy machine. */
const SLACK_S = 10;

export const requestTimeouts: Check = {
  name: 'request-timeouts',
  timeoutMs: 3_000,
  run: ({ readTimeoutMs, hungAfterMs }) => [
    judgeTimeouts({
      defaultS: seconds('default_request_timeout'),
      maxS: seconds('max_request_timeout'),
      readTimeoutMs,
      hungAfterMs,
    }),
  ],
};

export interface RequestTimeouts {
  /** Undefined: the kernel does not have it. */
  readonly defaultS: number | undefined;
  readonly maxS: number | undefined;
  readonly readTimeoutMs: number;
  readonly hungAfterMs: number;
}

export function judgeTimeouts(timeouts: RequestTimeouts): Observation {
  const { defaultS, maxS, readTimeoutMs, hungAfterMs } = timeouts;
  if (defaultS === undefined && maxS === undefined) {
    return ok('The kernel has no time-outs of FUSE requests.');
  }
  const set = [defaultS ?? 0, maxS ?? 0].filter((value) => value > 0);
  if (set.length === 0) return ok('The kernel sets no time-out of FUSE requests.');
  const effectiveS = Math.max(KERNEL_STEP_S, Math.min(...set));
  const neededS = Math.ceil(Math.max(readTimeoutMs, hungAfterMs) / 1_000) + SLACK_S;
  const what =
    `fs.fuse.default_request_timeout = ${String(defaultS ?? 0)} and max_request_timeout = ` +
    `${String(maxS ?? 0)}: the kernel ends a mount after a request of ${String(effectiveS)} s.`;
  const remedy =
    '`sysctl fs.fuse.default_request_timeout=0 fs.fuse.max_request_timeout=0`, then mount again; ' +
    `or both well above ${String(neededS)} s.`;
  if (effectiveS <= neededS) {
    return problem(`${what} A read may take ${String(readTimeoutMs / 1_000)} s.`, remedy);
  }
  if (effectiveS < 2 * neededS) return warning(what, remedy);
  return note(what);
}

function seconds(name: string): number | undefined {
  const text = readText(`${FOLDER}/${name}`).trim();
  return text === '' ? undefined : Number(text);
}
