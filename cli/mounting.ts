/** Starting and ending a mount: the specification that holder and server get, and who to wait for. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LarderError } from '../common/index.ts';
import { checkFuse, checkMountpoint, isMounted, unmount } from '../fuse-client/index.ts';
import { programCommand, startChild } from './children.ts';
import type { ReadyChild } from './children.ts';
import { usedSettings } from './environment.ts';
import { checkRuntimeDirectory, makeDirectory, writing } from './directories.ts';
import type { Environment } from './environment.ts';
import type { MountFlags } from './flags.ts';
import { listInstances, signalInstance, waitForEnd } from './instances.ts';
import type { Instance } from './instances.ts';
import type { MountProcessSpec } from './mount-process-spec.ts';

export interface MountRequest {
  readonly mountpoint: string;
  readonly dataset: string;
  /** 0 for the latest. */
  readonly version: number;
  readonly master: string;
  readonly workerSocket: string | undefined;
  readonly group: string;
  readonly how: MountFlags;
  /** The caller ends before the mount does: logs go to `mount.log` in its state directory. */
  readonly detached?: boolean;
}

const MOUNT_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 10_000;

/**
 * Mounts through a holder process of its own; resolves when the mount answers.
 *
 * @throws {LarderError} `MOUNTPOINT_INVALID`, `FUSE_UNAVAILABLE`, `NOT_FOUND`, `UNAVAILABLE`
 */
export async function startMount(request: MountRequest, env: Environment): Promise<ReadyChild> {
  const mountpoint = path.resolve(request.mountpoint);
  checkFuse();
  checkMountpoint(mountpoint);
  const stateDirectory = path.join(env.runtimeDirectory, 'mounts', shortHash(mountpoint));
  // Made and looked at again: somebody else could have been the quicker.
  makeDirectory(env.runtimeDirectory, 'RUNTIME_DIR_UNUSABLE');
  checkRuntimeDirectory(env.runtimeDirectory);
  const specFile = path.join(stateDirectory, 'mount.json');
  const spec: MountProcessSpec = {
    mountpoint,
    dataset: request.dataset,
    version: request.version,
    master: request.master,
    ...(request.workerSocket === undefined ? {} : { workerSocket: request.workerSocket }),
    stateDirectory,
    group: request.group,
    how: request.how,
    host: os.hostname(),
    logLevel: env.logLevel,
    readTimeoutMs: env.readTimeoutMs,
    hungAfterMs: env.hungAfterMs,
    peerTimeoutMs: env.settings.peerTimeout,
    peerRestMs: env.settings.peerRest,
    readsFailAfterMs: env.readsFailAfterMs,
    configuration: usedSettings(),
    holderCommand: programCommand('internal-holder', specFile),
    serverCommand: programCommand('internal-server', specFile),
  };
  writing(stateDirectory, () => {
    fs.rmSync(stateDirectory, { recursive: true, force: true });
    fs.mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    fs.writeFileSync(specFile, JSON.stringify(spec));
  });
  const log = path.join(stateDirectory, 'mount.log');
  const logFd = request.detached === true ? fs.openSync(log, 'a', 0o600) : undefined;
  try {
    return await startChild({
      args: ['internal-holder', specFile],
      readyTimeoutMs: MOUNT_TIMEOUT_MS,
      detached: true,
      cwd: '/',
      ...(logFd === undefined ? {} : { logFd }),
    });
  } catch (error) {
    // A server outlives its holder: what did not come up is taken away whole.
    if (isMounted(mountpoint)) unmount(mountpoint, { lazy: true });
    for (const instance of mountProcesses(mountpoint)) signalInstance(instance, 'SIGKILL');
    throw error;
  } finally {
    if (logFd !== undefined) fs.closeSync(logFd);
  }
}

/**
 * Unmounts and waits until holder and server are gone.
 *
 * @throws {LarderError} `NOT_MOUNTED`, `MOUNTPOINT_BUSY` naming who keeps it busy
 */
export async function endMount(
  mountpoint: string,
  options: { lazy?: boolean } = {},
): Promise<void> {
  const processes = mountProcesses(mountpoint);
  unmount(mountpoint, options);
  if (await waitForEnd(processes, END_TIMEOUT_MS)) return;
  for (const instance of processes) signalInstance(instance, 'SIGKILL');
  if (!(await waitForEnd(processes, END_TIMEOUT_MS))) {
    throw new LarderError('UNAVAILABLE', { mountpoint, why: 'its processes do not end' });
  }
}

/** Holder and server of a mount, as far as they live. */
export function mountProcesses(mountpoint: string): Instance[] {
  return listInstances().filter(
    ({ role, mountpoint: at }) => at === mountpoint && (role === 'holder' || role === 'server'),
  );
}

/** What the groups of all `up`s on a mount point begin with: `down` finds them also without it. */
export function groupPrefix(mountpoint: string): string {
  return `up-${shortHash(mountpoint)}-`;
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
