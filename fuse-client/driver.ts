/**
 * What stands between a mount and the kernel. `kernel` speaks the protocol itself; `fuse-native` is the
 * npm package of that name over libfuse 2. What a driver cannot do it says here; the tests of drivers
 * test what is declared, and `larder status` shows it.
 */
import { FUSE_MAX_READ_BYTES } from '../common/index.ts';
import { holdMount } from './holder.ts';
import type { HoldOptions, MountEnd } from './holder.ts';
import { holdNativeMount } from './native/holder.ts';
import { NATIVE_READ_BYTES, serveNativeMount } from './native/server.ts';
import { serveMount } from './server.ts';
import type { ServeOptions } from './server.ts';
import type { MountSpec } from './spec.ts';

export interface DriverCapabilities {
  readonly maxReadBytes: number;
  /** A server that is killed or hangs is replaced, and its readers do not notice. */
  readonly recovery: boolean;
  /** A holder that is killed is replaced. Without, its mount ends. */
  readonly holderRecovery: boolean;
  /** Reads of complete objects that do not enter the server. */
  readonly passthrough: boolean;
  /** Reads of what is on this node from its files, without asking the worker. */
  readonly localFiles: boolean;
  /** Who uses a mount that is detached may go on. */
  readonly lazyDetach: boolean;
  /** Directories are listed in pieces, with attributes. Without, each is in memory whole while it is listed. */
  readonly readdirPlus: boolean;
  readonly extendedAttributes: boolean;
  /** Names that are not UTF-8 are shown. Without, they are left out. */
  readonly byteNames: boolean;
  /** Times to the nanosecond. Without, to the millisecond. */
  readonly nanoseconds: boolean;
}

export interface FuseDriver {
  readonly name: DriverName;
  readonly capabilities: DriverCapabilities;
  hold(spec: MountSpec, options?: HoldOptions): Promise<MountEnd>;
  serve(spec: MountSpec, options: ServeOptions): Promise<never>;
}

export type DriverName = 'kernel' | 'fuse-native';

const kernelDriver: FuseDriver = {
  name: 'kernel',
  capabilities: {
    maxReadBytes: FUSE_MAX_READ_BYTES,
    recovery: true,
    holderRecovery: true,
    passthrough: true,
    localFiles: true,
    lazyDetach: true,
    readdirPlus: true,
    extendedAttributes: true,
    byteNames: true,
    nanoseconds: true,
  },
  hold: holdMount,
  serve: serveMount,
};

const nativeDriver: FuseDriver = {
  name: 'fuse-native',
  capabilities: {
    maxReadBytes: NATIVE_READ_BYTES,
    recovery: false,
    holderRecovery: false,
    passthrough: false,
    localFiles: false,
    lazyDetach: false,
    readdirPlus: false,
    extendedAttributes: true,
    byteNames: false,
    nanoseconds: false,
  },
  hold: holdNativeMount,
  serve: serveNativeMount,
};

export const DRIVERS: Readonly<Record<DriverName, FuseDriver>> = {
  kernel: kernelDriver,
  'fuse-native': nativeDriver,
};

/** What a driver does not do, by the names of its capabilities. */
export function lacks({ capabilities }: FuseDriver): string[] {
  return Object.entries(capabilities).flatMap(([name, value]) => (value === false ? [name] : []));
}
