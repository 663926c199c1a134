/** `larder mount`: shows one version of a dataset as files. */
import path from 'node:path';
import { EXIT, hasCode, LarderError } from '../../common/index.ts';
import { checkFuse } from '../../fuse-client/index.ts';
import { connect, parseReference } from '../../sdk/index.ts';
import { reportReady } from '../children.ts';
import { createContext } from '../context.ts';
import type { Context } from '../context.ts';
import { groupOf } from '../environment.ts';
import { isSet, masterAddress, mountFlags, workerSocket } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { endMount, mountProcesses, startMount } from '../mounting.ts';
import { stopMount } from '../up/stop-mount.ts';

export async function mount([reference = '', where = '']: string[], flags: Flags): Promise<number> {
  const context = createContext({ json: isSet(flags, 'json'), role: 'mount' });
  return await mountWith(context, [reference, where], flags);
}

/** The same, for a caller with an output of its own. */
export async function mountWith(
  context: Context,
  [reference, where]: readonly [string, string],
  flags: Flags,
): Promise<number> {
  const { output, environment } = context;
  const how = mountFlags(flags);
  const mountpoint = path.resolve(where);
  checkFuse();
  const master = masterAddress(flags, environment);
  const resolved = await resolve(master, reference);
  const holder = await startMount(
    {
      mountpoint,
      ...resolved,
      master,
      workerSocket: workerSocket(flags, environment, master),
      group: groupOf(),
      how,
      detached: isSet(flags, 'detach'),
    },
    environment,
  );
  const { dataset, version } = resolved;
  output.result(
    { mountpoint, dataset, version },
    `${dataset}@v${String(version)} is mounted on ${mountpoint}.`,
  );
  reportReady({ mountpoint });
  if (isSet(flags, 'detach')) {
    holder.process.disconnect();
    holder.process.unref();
    return EXIT.ok;
  }
  return await stay(context, mountpoint);
}

async function stay(context: Context, mountpoint: string): Promise<number> {
  const end = async (options: { lazy?: boolean }) => {
    try {
      await endMount(mountpoint, options);
    } catch (error) {
      if (!hasCode(error, 'NOT_MOUNTED')) throw error;
    }
  };
  await stopMount(context, mountpoint, end, async () => {
    if (mountProcesses(mountpoint).length > 0) return;
    throw new LarderError('UNAVAILABLE', {
      mountpoint,
      why: 'the processes of the mount have ended; `larder umount`, and mount again',
    });
  });
  return EXIT.ok;
}

/** The version that is meant, before anything is mounted. */
async function resolve(
  master: string,
  reference: string,
): Promise<{ dataset: string; version: number }> {
  const { name } = parseReference(reference);
  await using larder = connect({ master, client: 'cli' });
  await using dataset = await larder.datasets.get(reference);
  return { dataset: name, version: dataset.version.number };
}
