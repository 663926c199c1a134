/** The memory limit of the control group: of this shell, and of workers and mounts that run here. */
import path from 'node:path';
import { formatBytes, MIB } from '../../common/index.ts';
import { ok, warning } from './check.ts';
import type { Check, Observation, Subject } from './check.ts';
import { readText } from './read-text.ts';

const WANTED_BYTES = 512 * MIB;

export const memory: Check = {
  name: 'memory',
  timeoutMs: 3_000,
  run: (subject) =>
    processesOf(subject).map(({ who, pid }) =>
      judge(who, memoryLimit(readText(`/proc/${pid}/cgroup`))),
    ),
};

function processesOf({ records }: Subject): { who: string; pid: string }[] {
  return [
    { who: 'Here', pid: 'self' },
    ...records
      .filter(({ alive, instance }) => alive && instance.role !== 'up')
      .map(({ instance: { role, pid } }) => ({
        who: `${role} ${String(pid)}`,
        pid: String(pid),
      })),
  ];
}

function judge(who: string, limitBytes: number): Observation {
  if (limitBytes === Infinity) return ok(`${who}: no memory limit.`);
  const what = `${who}: a memory limit of ${formatBytes(limitBytes)}.`;
  if (limitBytes >= WANTED_BYTES) return ok(what);
  return warning(
    what,
    `Give it ${formatBytes(WANTED_BYTES)} or more (MemoryMax= in systemd, --memory in Docker): ` +
      'the kernel kills what needs more, and the page cache of what is read counts too.',
  );
}

/**
 * The lowest limit of a process's group and of those above it, in bytes; Infinity where there is none.
 *
 * @param cgroup of the process, from /proc
 */
export function memoryLimit(cgroup: string, read: (file: string) => string = readText): number {
  const limits = cgroup.split('\n').flatMap((line) => {
    // 0::/user.slice (version 2), 4:memory:/docker/1234 (version 1).
    const [, controllers = '', group = '/'] = line.split(':');
    const files = line.startsWith('0::')
      ? alongPath('/sys/fs/cgroup', group, 'memory.max')
      : controllers.split(',').includes('memory')
        ? alongPath('/sys/fs/cgroup/memory', group, 'memory.limit_in_bytes')
        : [];
    return files.map((file) => limitOf(read(file)));
  });
  return Math.min(Infinity, ...limits);
}

/** Version 2 says `max`; version 1 has no word for "none", and says a number near 2^63. */
function limitOf(text: string): number {
  const bytes = /^\d+\n?$/.test(text) ? Number(text) : Infinity;
  return bytes < 2 ** 60 ? bytes : Infinity;
}

/** A file in a group's folder and in all above it. In a container, the group may be outside of what is seen. */
function alongPath(root: string, group: string, file: string): string[] {
  const above = group === '/' || group === '.' ? [] : alongPath(root, path.dirname(group), file);
  return [path.join(root, group, file), ...above];
}
