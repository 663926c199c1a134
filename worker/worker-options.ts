/** What a worker is started with, and what it is while it runs. */
import type { Clock, Logger, Random, Reading } from '../common/index.ts';
import type { DiskStatus } from './store/index.ts';

export interface WorkerOptions {
  /** `host:port` of the master. */
  readonly master: string;
  /** One on each local disk; made if its parent exists. */
  readonly cacheDirs: readonly string[];
  /** Of each, in the same order. Default: 80 % of what is free, plus what is held already. */
  readonly capacities?: readonly (number | undefined)[] | undefined;
  /** A cache disk that does nothing for so long is given up; default 10,000. */
  readonly diskHungAfterMs?: number | undefined;
  /** Failed reads and writes in a minute with which a cache disk is given up; default 5. */
  readonly diskErrorLimit?: number | undefined;
  /** How often it is tried to take back a cache disk; default 30,000. */
  readonly diskRetryMs?: number | undefined;
  /** Bytes a second that are read again of each disk, to find damage; 0: none. Default 16 MiB. */
  readonly scrubBytesPerSecond?: number | undefined;
  /** Over which it is measured how much is read of each dataset; default 60,000. */
  readonly rateWindowMs?: number | undefined;
  /** `host:port` of the data plane for other nodes; port 0 takes a free one. */
  readonly listen: string;
  /** Unix socket of the data plane for this node. */
  readonly socket: string;
  /** Who may connect to it, as mode bits; whoever may reads every dataset. Default 0o600. */
  readonly socketMode?: number;
  /** Its name for people. Default: the machine's. */
  readonly node?: string;
  /** Allows listening beyond loopback without authentication. Default false. */
  readonly insecure?: boolean;
  /** File descriptors that this process may have; what needs many takes its share. Default: no limit. */
  readonly openFiles?: number;
  /** To the data plane; one more is refused with `BUSY`. Default 4,096, or what `openFiles` leaves. */
  readonly maxConnections?: number;
  /**
   * Bytes of reads that are being answered over sockets. Default 128 MiB: as much as one mount asks for at
   * once; in a cgroup of 512 MiB the worker stays below it with that.
   */
  readonly readMemoryBytes?: number;
  /** Memory for what is read and not kept; default 0: it goes through the disk. */
  readonly transitBytes?: number | undefined;
  /** Threads that serve the TCP port; 0: the main thread does. Default: half the cores, 1 to 4. */
  readonly servingThreads?: number | undefined;
  /** Connections to one endpoint of an origin; default 32. */
  readonly originConnections?: number;
  /** Another worker that says nothing for so long while it is asked, hangs. Default 5,000 ms. */
  readonly peerTimeoutMs?: number;
  /** How long a worker that hung or sent wrong bytes is not asked. Default 5,000 ms. */
  readonly peerRestMs?: number;
  /** How long an origin is not asked whose credentials are missing here. Default 10,000 ms. */
  readonly originRestMs?: number;
  /** Bytes a second that come from other workers because they belong here. Default 200 MiB. */
  readonly moveBytesPerSecond?: number;
  /** How often changes of what is held are reported to the master. Default 100 ms. */
  readonly reportMs?: number;
  /** Shown to people. */
  readonly softwareVersion: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
}

export interface Worker extends AsyncDisposable {
  readonly workerId: string;
  /** With the real port. */
  readonly dataAddress: string;
  readonly capacityBytes: number;
  /** Of every cache directory, also of those that are not used now. */
  readonly disks: readonly DiskStatus[];
  /** Of its metrics, now. */
  readonly readings: readonly Reading[];
  /** Called when a disk was given up or taken back. */
  onDisksChanged(listener: () => void): void;
  /**
   * How much of each disk may be used from now on; undefined for the default. Resolves when what is over
   * was evicted, and tells the master.
   */
  setCapacities(capacities: readonly (number | undefined)[]): Promise<void>;
  /** Resolves when the master counts it in. */
  joined(signal?: AbortSignal): Promise<void>;
}

/** With what was left out. */
export type Config = WorkerOptions & {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
};
