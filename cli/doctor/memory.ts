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
  run: (subject) => processesOf(subject).map(({ who, pid }) => judge(who, memoryLimit(pid))),
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

/** The lowest limit of the process's group and of those above it; Infinity where there is none. */
function memoryLimit(pid: string): number {
  const groups = readText(`/proc/${pid}/cgroup`).split('\n');
  const limits = groups.flatMap((line) => {
    // 0::/user.slice (version 2), 4:memory:/docker/1234 (version 1).
    const [, controllers = '', group = '/'] = line.split(':');
    if (line.startsWith('0::')) return alongPath('/sys/fs/cgroup', group, 'memory.max');
    if (controllers.split(',').includes('memory')) {
      return alongPath('/sys/fs/cgroup/memory', group, 'memory.limit_in_bytes');
    }
    return [];
  });
  return Math.min(Infinity, ...limits);
}

function alongPath(root: string, group: string, file: string): number[] {
  const limits: number[] = [];
  for (let folder = group; ; folder = path.dirname(folder)) {
    const text = readText(path.join(root, folder, file)).trim();
    // Version 1 has no word for "none": it says a number near 2^63.
    if (/^\d+$/.test(text) && Number(text) < 2 ** 60) limits.push(Number(text));
    if (folder === '/' || folder === '.') return limits;
  }
}
