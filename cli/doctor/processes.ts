/** Records of processes in the runtime directory, and whether the processes are there. */
import fs from 'node:fs';
import { removeRecord } from '../instances.ts';
import type { InstanceRecord } from '../instances.ts';
import { note, ok, problem } from './check.ts';
import type { Check, Observation } from './check.ts';

export const processes: Check = {
  name: 'processes',
  timeoutMs: 3_000,
  run: ({ records, fix }) => {
    const running = records.filter(({ alive }) => alive);
    const counts = running.map(({ instance: { role, pid } }) => `${role} ${String(pid)}`);
    return [
      ok(running.length === 0 ? 'Nothing of Larder runs here.' : `Running: ${counts.join(', ')}.`),
      ...running.filter(isStopped).map(stopped),
      ...records.filter(({ alive }) => !alive).map((record) => gone(record, fix)),
    ];
  },
};

function gone(record: InstanceRecord, fix: boolean): Observation {
  const { role, pid, mountpoint } = record.instance;
  const at = mountpoint === undefined ? '' : ` (${mountpoint})`;
  const what = `${role} ${String(pid)}${at} has a record and is gone: it was killed, or the machine was.`;
  if (!fix) {
    return note(what, '`larder doctor --fix` or `larder status` removes the record.');
  }
  removeRecord(record);
  return note(`${what} The record was removed.`);
}

function stopped({ instance: { role, pid } }: InstanceRecord): Observation {
  return problem(
    `${role} ${String(pid)} is stopped (SIGSTOP, or a debugger).`,
    `\`kill -CONT ${String(pid)}\`.`,
  );
}

function isStopped({ instance }: InstanceRecord): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${String(instance.pid)}/stat`, 'utf8');
    return /^[Tt]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
