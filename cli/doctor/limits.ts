/** Limits of this shell, and of the processes of Larder that run here. */
import { note, ok, warning } from './check.ts';
import type { Check, Observation, Subject } from './check.ts';
import { readText } from './read-text.ts';

/** Sockets, and cache files that workers and mounts keep open. */
const WANTED_FILES = 4_096;

export const limits: Check = {
  name: 'limits',
  timeoutMs: 3_000,
  run: (subject) => [
    ...serving(subject).map(({ who, pid }) => openFiles(who, readText(`/proc/${pid}/limits`))),
    lockedMemory(readText('/proc/self/limits')),
  ],
};

/** This process, and those that open many files. */
function serving({ records }: Subject): { who: string; pid: string }[] {
  const running = records.filter(
    ({ alive, instance }) => alive && (instance.role === 'worker' || instance.role === 'server'),
  );
  return [
    { who: 'Here', pid: 'self' },
    ...running.map(({ instance: { role, pid } }) => ({
      who: `In ${role} ${String(pid)}`,
      pid: String(pid),
    })),
  ];
}

/** Node raises the soft limit to the hard one when it starts, so the hard one counts. */
export function openFiles(who: string, limitsText: string): Observation {
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limitsText) ?? [];
  if (hard === undefined) return note(`${who}: the limit of open files cannot be read.`);
  const what = `${who}: ${hard} open files at most.`;
  if (hard === 'unlimited' || Number(hard) >= WANTED_FILES) return ok(what);
  return warning(
    what,
    `Raise it to ${String(WANTED_FILES)} or more: \`ulimit -Hn\`, LimitNOFILE= in the systemd unit, --ulimit in Docker.`,
  );
}

function lockedMemory(limitsText: string): Observation {
  const [, soft = 'unknown'] = /^Max locked memory\s+(\S+)/m.exec(limitsText) ?? [];
  return ok(`Locked memory: ${soft}${soft === 'unlimited' ? '' : ' bytes'}; Larder locks none.`);
}
