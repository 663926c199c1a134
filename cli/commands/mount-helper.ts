/**
 * /sbin/mount.larder: what mount(8) runs for `mount -t larder` and for fstab. Ends when the mount
 * answers, with an exit code of mount(8).
 *
 * A mount of the same dataset that is there already is what was asked for: `mount -a` may be said
 * twice. One whose processes were killed is taken away, and made anew.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { asLarderError, EXIT, LarderError, systemClock, systemCode } from '../../common/index.ts';
import type { ErrorCode } from '../../common/index.ts';
import { findMount, unmount } from '../../fuse-client/index.ts';
import { parseReference } from '../../sdk/index.ts';
import { createContext } from '../context.ts';
import type { Context } from '../context.ts';
import { parseMountCall } from '../fstab-options.ts';
import type { MountCall } from '../fstab-options.ts';
import { endMount, mountProcesses } from '../mounting.ts';
import { printError } from '../output.ts';
import { valuesOfMountOptions } from '../program.ts';
import { mountWith } from './mount.ts';

/** Of mount(8). */
const MOUNT_EXIT = { wrongUse: 1, system: 2, defect: 4, interrupted: 8, failure: 32 } as const;
const LOOK_TIMEOUT_MS = 2_000;

/** @returns the exit code */
export async function mountHelper(args: readonly string[]): Promise<number> {
  try {
    const call = parseMountCall(args, valuesOfMountOptions());
    const context = createContext({ json: false, role: 'mount' });
    return await makeMount(context, { ...call, mountpoint: path.resolve(call.mountpoint) });
  } catch (error) {
    printError(error, false);
    return exitCodeOf(asLarderError(error).code);
  }
}

async function makeMount(context: Context, call: MountCall): Promise<number> {
  const { output } = context;
  const { reference, mountpoint, fake, writable, noexec, verbose } = call;
  const wanted = parseReference(reference);
  if (await isThere(mountpoint, wanted)) {
    output.note(`larder: ${reference} is already mounted on ${mountpoint}.`);
    return EXIT.ok;
  }
  if (fake) return EXIT.ok;
  const quiet: Context = verbose
    ? context
    : { ...context, output: { ...output, result: () => {} } };
  const code = await mountWith(quiet, [reference, mountpoint], {
    ...flagsOf(call),
    detach: true,
  });
  if (noexec) await forbidPrograms(mountpoint);
  if (writable) output.note(`larder: ${reference} cannot be written, mounted read-only.`);
  return code;
}

/** A flag of the mount, not of the file system: mount(8) itself, which has called us, sets it. */
async function forbidPrograms(mountpoint: string): Promise<void> {
  const args = ['-i', '-o', 'remount,bind,ro,nosuid,nodev,noexec', mountpoint];
  try {
    await promisify(execFile)('mount', args);
  } catch (cause) {
    await endMount(mountpoint);
    throw new LarderError('FUSE_UNAVAILABLE', { mountpoint, what: 'noexec' }, { cause });
  }
}

/** The mount that was asked for answers already. */
async function isThere(
  mountpoint: string,
  { name, version }: ReturnType<typeof parseReference>,
): Promise<boolean> {
  const entry = findMount(mountpoint);
  if (entry === undefined) return false;
  if (mountProcesses(mountpoint).length === 0 && (await isDead(mountpoint))) {
    unmount(mountpoint, { lazy: true });
    return false;
  }
  const source = `larder:${name}@v`;
  // Version 0 is the latest, which may have been another one when it was mounted.
  const fits =
    version === 0
      ? entry.source.startsWith(source)
      : entry.source === `${source}${String(version)}`;
  if (fits) return true;
  const why = `already mounted: ${entry.source}`;
  throw new LarderError('MOUNTPOINT_INVALID', { mountpoint, why });
}

/** Nobody has /dev/fuse open any more. One that only hangs may answer again. */
async function isDead(mountpoint: string): Promise<boolean> {
  const looked = fs.promises.stat(mountpoint).then(
    () => false,
    (error: unknown) => systemCode(error) === 'ENOTCONN',
  );
  return await Promise.race([looked, systemClock.sleep(LOOK_TIMEOUT_MS).then(() => false)]);
}

/** `worker-socket` is `workerSocket` among the flags of a command. */
function flagsOf({ options }: MountCall): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'INVALID_ARGUMENT':
    case 'NOT_YET_AVAILABLE':
      return MOUNT_EXIT.wrongUse;
    case 'FUSE_UNAVAILABLE':
      return MOUNT_EXIT.system;
    case 'INTERNAL':
      return MOUNT_EXIT.defect;
    case 'CANCELLED':
      return MOUNT_EXIT.interrupted;
    default:
      return MOUNT_EXIT.failure;
  }
}
