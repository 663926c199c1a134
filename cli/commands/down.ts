/** `larder down` and `larder umount`: end what runs for a mount point. */
import path from 'node:path';
import { EXIT, hasCode, LarderError } from '../../common/index.ts';
import { isMounted } from '../../fuse-client/index.ts';
import { createContext } from '../context.ts';
import { isSet } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { listInstances, signalInstance, waitForEnd } from '../instances.ts';
import type { Instance } from '../instances.ts';
import { endMount, groupPrefix, mountProcesses } from '../mounting.ts';

const END_TIMEOUT_MS = 15_000;

export async function down([where = '']: string[], flags: Flags): Promise<number> {
  const { output } = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const mountpoint = path.resolve(where);
  const processes = groupAt(mountpoint);
  if (processes.length === 0 && !isMounted(mountpoint)) {
    throw new LarderError('NOT_MOUNTED', { mountpoint });
  }
  try {
    // Where nobody answers any more, nobody can be disturbed.
    await endMount(mountpoint, { lazy: mountProcesses(mountpoint).length === 0 });
  } catch (error) {
    if (!hasCode(error, 'NOT_MOUNTED')) throw error;
  }
  // `up` first: it ends the others in order. Where it is gone, they are told one by one.
  const ups = processes.filter(({ role }) => role === 'up');
  for (const instance of ups.length > 0 ? ups : processes) signalInstance(instance, 'SIGTERM');
  if (!(await waitForEnd(processes, END_TIMEOUT_MS))) {
    for (const instance of processes) signalInstance(instance, 'SIGKILL');
    await waitForEnd(processes, END_TIMEOUT_MS);
  }
  output.result({ mountpoint }, `${mountpoint} is down.`);
  return EXIT.ok;
}

export async function umount([where = '']: string[], flags: Flags): Promise<number> {
  const { output } = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const mountpoint = path.resolve(where);
  if (isSet(flags, 'ifMounted') && !isMounted(mountpoint)) {
    output.result({ mountpoint }, `Nothing is mounted on ${mountpoint}.`);
    return EXIT.ok;
  }
  await endMount(mountpoint);
  output.result({ mountpoint }, `${mountpoint} is unmounted.`);
  return EXIT.ok;
}

/** All that `up` started for a mount point. */
function groupAt(mountpoint: string): Instance[] {
  const instances = listInstances();
  return instances.filter(({ group }) => group.startsWith(groupPrefix(mountpoint)));
}
