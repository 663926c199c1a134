/**
 * What a mount is, as data that holder and server are both given, and its options with their
 * defaults. Times are options so that tests can scale them down.
 */
import { resolve } from 'node:path';
import type { Integrity, OpenModeChoice } from './open-modes.ts';

/** JSON-able: the same for the holder, each of its servers, and a holder that takes over. */
export interface MountSpec {
  readonly mountpoint: string;
  /** Dataset and version, as `mount` and `df` show them. */
  readonly name: string;
  readonly version: number;
  /** Starts a server that calls `serveMount`: program and arguments. */
  readonly serverCommand: readonly string[];
  /** Starts a holder that calls `holdMount`: program and arguments. */
  readonly holderCommand: readonly string[];
  /**
   * Threads that answer; 1 … 16, default 2. One reader of a warm file gets 2.0–2.1 GB/s with one and
   * 2.2–2.3 GB/s with two (2 busy cores; `dd` of the file itself: 19–23); the second keeps metadata
   * going while the first waits for a disk.
   */
  readonly threads?: number;
  /** Complete objects that each thread keeps open; default 64. */
  readonly openFilesPerThread?: number;
  /** Bytes of reads that wait for the source at once; default 128 MiB. */
  readonly maxWaitingBytes?: number;
  /** Default `daemon`. */
  readonly openMode?: OpenModeChoice;
  /** Default `standard`. */
  readonly integrity?: Integrity;
  /** Lets other users read a mount that its user made without being root; default false. */
  readonly allowOther?: boolean;
  /**
   * How a successor gets the requests that its predecessor left. Default: `resend` where the kernel
   * can (6.9), else `slots`.
   */
  readonly recovery?: Recovery;
  /** What a signal does to a mount that is in use; default `stay`. */
  readonly whenBusy?: WhenBusy;
  /**
   * What the kernel reads ahead, in KiB; default 2,048. One reader of a large file from another node is given as much
   * as is under way: 512 gave 0.49 GB/s, 1,024 gave 0.62, 2,048 gave 0.80, 4,096 and 8,192 gave 0.77 and 0.81. Cold and
   * warm reads through the worker of the node are the same within their noise (256 to 2,048).
   */
  readonly readAheadKib?: number;
  readonly timings?: Partial<MountTimings>;
}

export type Recovery = 'resend' | 'slots';

/**
 * - `stay`: reports who uses it, serves on, and unmounts when they are gone
 * - `lazy`: detaches it; who uses it may go on, and holder and server end with the last of them
 * - `abort`: detaches it and fails every later call of who uses it
 */
export type WhenBusy = 'stay' | 'lazy' | 'abort';

export interface MountTimings {
  /** How often a server says that it lives. Default 1,000. */
  readonly heartbeatMs: number;
  /** A server that is silent for so long is replaced. Default 10,000. */
  readonly silenceMs: number;
  /** How long a new server may take until it says so for the first time. Default 30,000. */
  readonly startMs: number;
  /** How often the holder looks. Default 250. */
  readonly watchMs: number;
  /** A server that lived so long did not crash at its start. Default 10,000. */
  readonly stableMs: number;
  /** The wait before a restart, doubled each time, once several in a row were short-lived. Default 1,000. */
  readonly backoffMs: number;
  /** Default 30,000. */
  readonly maxBackoffMs: number;
  /** Without a stable server for so long, reads fail with EIO while none runs. Default 300,000. */
  readonly giveUpMs: number;
  /** How long a server of an upgrade may take until it could serve. Default 60,000. */
  readonly prepareMs: number;
  /** For so long the server of an upgrade must serve before the installation before it is let go. Default 3,000. */
  readonly provenMs: number;
  /** How long a server may take to end after the unmount. Default 5,000. */
  readonly stopMs: number;
  /** How often what threads have read is reported to the source. Default 200. */
  readonly reportMs: number;
}

export type CompiledSpec = Required<Omit<MountSpec, 'timings' | 'recovery'>> & {
  readonly recovery: Recovery | undefined;
  readonly timings: MountTimings;
};

const TIMINGS: MountTimings = {
  heartbeatMs: 1_000,
  silenceMs: 10_000,
  startMs: 30_000,
  watchMs: 250,
  stableMs: 10_000,
  backoffMs: 1_000,
  maxBackoffMs: 30_000,
  giveUpMs: 300_000,
  prepareMs: 60_000,
  provenMs: 3_000,
  stopMs: 5_000,
  reportMs: 200,
};

export function compileSpec(spec: MountSpec): CompiledSpec {
  return {
    ...spec,
    mountpoint: resolve(spec.mountpoint),
    threads: Math.min(16, Math.max(1, spec.threads ?? 2)),
    openFilesPerThread: spec.openFilesPerThread ?? 64,
    maxWaitingBytes: spec.maxWaitingBytes ?? 128 << 20,
    openMode: spec.openMode ?? 'daemon',
    integrity: spec.integrity ?? 'standard',
    allowOther: spec.allowOther ?? false,
    recovery: spec.recovery,
    whenBusy: spec.whenBusy ?? 'stay',
    readAheadKib: spec.readAheadKib ?? 2048,
    timings: { ...TIMINGS, ...spec.timings },
  };
}

/** Fds that a server, and a holder that takes over, find open. */
export const DEVICE_FD = 3;
export const STATE_FD = 4;
