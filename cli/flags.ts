/** Flags after the command line was parsed: values that several commands turn into the same things. */
import fs from 'node:fs';
import path from 'node:path';
import { LarderError, systemCode } from '../common/index.ts';
import type { DriverName, Integrity, OpenModeChoice } from '../fuse-client/index.ts';
import type { Environment } from './environment.ts';
import { listInstances } from './instances.ts';

export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** Of an option that may be repeated. */
export function texts(flags: Flags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function isSet(flags: Flags, name: string): boolean {
  return flags[name] === true;
}

/**
 * The master to talk to: flag, environment, the only one that runs on this machine, or the default.
 *
 * @throws {LarderError} `INVALID_ARGUMENT` where several run here and none was named
 */
export function masterAddress(flags: Flags, env: Environment): string {
  const named = text(flags, 'master') ?? env.master;
  if (named !== undefined) return named;
  const here = listInstances().flatMap(({ role, master }) =>
    role === 'master' && master !== undefined ? [master] : [],
  );
  if (here.length > 1) {
    throw new LarderError('INVALID_ARGUMENT', {
      masters: here.join(' '),
      expected: '--master: several run on this machine',
    });
  }
  return here[0] ?? '127.0.0.1:7400';
}

/** The worker's socket of a master that runs on this machine, where there is one. */
export function workerSocket(flags: Flags, env: Environment, master: string): string | undefined {
  const named = text(flags, 'workerSocket') ?? env.workerSocket;
  if (named !== undefined) return checkSocket(path.resolve(named));
  return listInstances().find(
    (instance) => instance.role === 'worker' && instance.master === master,
  )?.socket;
}

/** @throws {LarderError} `INVALID_ARGUMENT` where this user may not connect to it */
function checkSocket(socket: string): string {
  try {
    fs.accessSync(socket, fs.constants.R_OK | fs.constants.W_OK);
  } catch (error) {
    const why = systemCode(error);
    // One that is not there yet may come: a worker that starts makes it.
    if (why !== 'EACCES') return socket;
    const expected = 'a socket that this user may connect to: `larder worker --socket-mode 0666`';
    throw new LarderError('INVALID_ARGUMENT', { option: '--worker-socket', socket, why, expected });
  }
  return socket;
}

/** How a mount is made: JSON-able, for holder and server. */
export interface MountFlags {
  readonly openMode: OpenModeChoice;
  readonly integrity: Integrity;
  readonly driver: DriverName;
  readonly allowOther: boolean;
  readonly recovery: 'auto' | 'slots';
}

/** @throws {LarderError} `INVALID_ARGUMENT` for an open mode that the driver has not */
export function mountFlags(flags: Flags): MountFlags {
  const openMode = openModeOf(text(flags, 'openMode'));
  const driver = text(flags, 'driver') === 'fuse-native' ? 'fuse-native' : 'kernel';
  if (driver === 'fuse-native' && (openMode === 'none' || openMode === 'passthrough')) {
    const expected = '--open-mode=daemon or auto with this driver';
    throw new LarderError('INVALID_ARGUMENT', { openMode, driver, expected });
  }
  return {
    openMode,
    integrity: text(flags, 'integrity') === 'strict' ? 'strict' : 'standard',
    driver,
    allowOther: isSet(flags, 'allowOther'),
    recovery: text(flags, 'recovery') === 'slots' ? 'slots' : 'auto',
  };
}

/** The command line has checked it. */
function openModeOf(named: string | undefined): OpenModeChoice {
  switch (named) {
    case 'none':
    case 'passthrough':
    case 'daemon':
      return named;
    default:
      return 'auto';
  }
}

/** A directory is taken as `file://`; anything with a scheme as it is. */
export function originUrl(origin: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(origin)) return origin;
  return new URL(`file://${encodePath(path.resolve(origin))}`).href;
}

function encodePath(absolute: string): string {
  return absolute.split('/').map(encodeURIComponent).join('/');
}
