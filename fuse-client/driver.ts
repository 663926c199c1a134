/**
 * What stands between a mount and the kernel. One driver is there: `kernel`, which speaks the
 * protocol itself. A portable one can stand beside it; what it cannot do it says here, and the tests
 * of drivers test what is declared.
 */
import { FUSE_MAX_READ_BYTES } from '../common/index.ts';
import { holdMount } from './holder.ts';
import type { HoldOptions, MountEnd } from './holder.ts';
import { serveMount } from './server.ts';
import type { ServeOptions } from './server.ts';
import type { MountSpec } from './spec.ts';

export interface DriverCapabilities {
  readonly maxReadBytes: number;
  /** A server that is killed is replaced, and its readers do not notice. */
  readonly recovery: boolean;
  /** Reads of complete objects that do not enter the server. */
  readonly passthrough: boolean;
  readonly readdirPlus: boolean;
  readonly extendedAttributes: boolean;
}

export interface FuseDriver {
  readonly name: string;
  readonly capabilities: DriverCapabilities;
  hold(spec: MountSpec, options?: HoldOptions): Promise<MountEnd>;
  serve(spec: MountSpec, options: ServeOptions): Promise<never>;
}

const kernelDriver: FuseDriver = {
  name: 'kernel',
  capabilities: {
    maxReadBytes: FUSE_MAX_READ_BYTES,
    recovery: true,
    passthrough: false,
    readdirPlus: true,
    extendedAttributes: true,
  },
  hold: holdMount,
  serve: serveMount,
};

export type DriverName = 'kernel' | 'fuse-native';

export const DRIVERS: Readonly<Record<DriverName, FuseDriver>> = {
  kernel: kernelDriver,
  'fuse-native': kernelDriver,
};
