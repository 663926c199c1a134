/**
 * A worker: keeps blocks of objects on this node's disk, serves them to readers, and does what the
 * master asks for. This module puts the parts together and takes them apart in the other order.
 */
import os from 'node:os';
import path from 'node:path';
import {
  Disposals,
  MIB,
  shareOfOpenFiles,
  silentLogger,
  systemClock,
  systemRandom,
} from '../common/index.ts';
import type { Clock, Logger, Random } from '../common/index.ts';
import { DataServer, tcpAddress } from '../rpc/data/index.ts';
import { assertMayListen, connectMaster, parseAddress } from '../rpc/grpc/index.ts';
import type { MasterChannel } from '../rpc/grpc/index.ts';
import { Commands } from './commands.ts';
import { DataPlane } from './data-plane.ts';
import { ObjectReader } from './fetching/index.ts';
import { joinCluster } from './membership/index.ts';
import type { ClusterMembership, WorkerCounters } from './membership/index.ts';
import { OriginPool } from './origin-pool.ts';
import { SiblingPrefetch } from './sibling-prefetch.ts';
import { ObjectStore } from './store/index.ts';
import type { DiskStatus } from './store/index.ts';
import { Versions } from './versions.ts';
import type { OpenedVersion } from './versions.ts';

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
  /** `host:port` of the data plane for other nodes; port 0 takes a free one. */
  readonly listen: string;
  /** Unix socket of the data plane for this node. */
  readonly socket: string;
  /** Who may connect to it, as mode bits; whoever may reads every dataset. Default 0o600. */
  readonly socketMode?: number;
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
  /** Connections to one endpoint of an origin; default 32. */
  readonly originConnections?: number;
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

const FRAME_TIMEOUT_MS = 5_000;
/** As long as a read may take by default: who takes nothing for so long has given up on all of its own. */
const SEND_TIMEOUT_MS = 30_000;
/** A mount has at most 128 reads ahead under way, and one per process that reads. */
const MAX_REQUESTS = 1_024;
const DEFAULT_CONNECTIONS = 4_096;
const DEFAULT_READ_MEMORY_BYTES = 128 * MIB;
/** Of the file descriptors: objects that are kept open, connections, reads of origins. */
const OBJECT_FILES = { share: 1 / 4, least: 4, most: 512 };
const CONNECTIONS = { share: 1 / 2, least: 8 };
const ORIGIN_READS = { share: 1 / 8, least: 2, most: 32 };

/**
 * @throws {LarderError} `CACHE_DIR_UNUSABLE`, `CACHE_DIR_LOCKED`, `CACHE_DIRS_MIXED`, `INSECURE_LISTEN`,
 *   `UNAVAILABLE` where an address cannot be had. A master that is away is no error: the worker joins when it is back.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { clock = systemClock, random = systemRandom, log = silentLogger } = options;
  assertMayListen(parseAddress(options.listen).host, options.insecure ?? false);
  await using started = new Disposals();
  const cluster: Cluster = { membership: undefined };
  const parts = await openParts({ ...options, clock, random, log }, cluster, started);
  const { store, master, origins, reads } = parts;
  const dataAddress = await serve({ ...options, clock, log }, parts, cluster, started);
  const membership = started.use(
    joinCluster({
      master,
      member: () => ({
        workerId: store.workerId,
        // Without a disk it keeps nothing, and still reads through for whoever has no other worker.
        weightBytes: Math.max(1, store.capacityBytes),
        dataAddress,
        node: os.hostname(),
      }),
      softwareVersion: options.softwareVersion,
      held: store.held,
      handlers: new Commands(parts),
      counters: () => countersOf(store, reads, origins),
      clock,
      log,
      random,
    }),
  );
  cluster.membership = membership;
  store.onDisksChanged(() => {
    membership.announce();
  });
  const running = started.move();
  return {
    workerId: store.workerId,
    dataAddress,
    get capacityBytes() {
      return store.capacityBytes;
    },
    get disks() {
      return store.disks;
    },
    onDisksChanged: (listener) => {
      store.onDisksChanged(listener);
    },
    setCapacities: async (capacities) => {
      const before = store.capacityBytes;
      await store.setCapacities(capacities);
      if (store.capacityBytes !== before) membership.announce();
    },
    joined: (signal) => membership.joined(signal),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** The parts need to know the placement before the membership that brings it can exist. */
interface Cluster {
  membership: ClusterMembership | undefined;
}

interface Parts {
  readonly store: ObjectStore;
  readonly master: MasterChannel;
  readonly origins: OriginPool;
  readonly versions: Versions;
  readonly reads: ObjectReader;
}

type Config = WorkerOptions & {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
};

async function openParts(config: Config, cluster: Cluster, started: Disposals): Promise<Parts> {
  const { cacheDirs, capacities, clock, random, log, openFiles = Infinity } = config;
  const maxOpenFiles = Math.ceil(shareOfOpenFiles(openFiles, OBJECT_FILES) / cacheDirs.length);
  const store = started.use(
    await ObjectStore.open({
      directories: cacheDirs.map((at, i) => ({ path: at, capacityBytes: capacities?.[i] })),
      hungAfterMs: config.diskHungAfterMs,
      errorLimit: config.diskErrorLimit,
      retryMs: config.diskRetryMs,
      maxOpenFiles,
      clock,
      logger: log,
    }),
  );
  const master = started.use(connectMaster({ address: config.master }));
  const origins = started.use(
    new OriginPool({ clock, random, log, maxConnections: config.originConnections ?? 32 }),
  );
  const versions = started.use(
    new Versions({
      // Without a disk they go beside the socket.
      directory: () => path.join(store.firstDirectory ?? path.dirname(config.socket), 'manifests'),
      master,
      clock,
      log,
      onOpened: (version) => {
        expect(store, version, cluster.membership);
      },
    }),
  );
  store.onDisksChanged(() => {
    versions.checkDirectory();
  });
  const originFor = async (datasetId: number) => origins.get(await versions.dataset(datasetId));
  const maxOriginReads = shareOfOpenFiles(openFiles, ORIGIN_READS);
  const reads = started.use(new ObjectReader({ store, originFor, maxOriginReads, logger: log }));
  return { store, master, origins, versions, reads };
}

/** @returns the address of the data plane, with the real port */
async function serve(
  config: Omit<Config, 'random'>,
  { store, versions, reads }: Parts,
  cluster: Cluster,
  started: Disposals,
): Promise<string> {
  const { clock, log, listen, socket, openFiles = Infinity } = config;
  const most = config.maxConnections ?? DEFAULT_CONNECTIONS;
  const { workerId } = store;
  const placement = () => cluster.membership?.placement;
  const siblings = started.use(new SiblingPrefetch({ reads, workerId, placement, log }));
  const handler = new DataPlane({
    workerId,
    versions,
    reads,
    siblings,
    completeDirectories: () => store.completeDirectories,
    placement,
    log,
  });
  const server = started.use(
    new DataServer({
      handler,
      clock,
      log,
      frameTimeoutMs: FRAME_TIMEOUT_MS,
      sendTimeoutMs: SEND_TIMEOUT_MS,
      maxRequests: MAX_REQUESTS,
      maxConnections: shareOfOpenFiles(openFiles, { ...CONNECTIONS, most }),
      maxReadBytes: config.readMemoryBytes ?? DEFAULT_READ_MEMORY_BYTES,
    }),
  );
  store.onEvicted((objectId) => {
    server.broadcastEvicted(objectId);
  });
  store.onDisksChanged(() => {
    server.broadcastDisksChanged();
  });
  await server.listen({ kind: 'unix', path: socket }, config.socketMode);
  return await server.listen(tcpAddress(listen));
}

/** Tells admission what this worker is to serve of a version: its weighted share of each bucket. */
function expect(
  store: ObjectStore,
  version: OpenedVersion,
  membership: ClusterMembership | undefined,
): void {
  const members = membership?.placement.members ?? [];
  const total = members.reduce((sum, member) => sum + member.weightBytes, 0);
  const mine = members.find((member) => member.workerId === store.workerId)?.weightBytes;
  const share = mine === undefined || total === 0 ? 1 : mine / total;
  const sums = version.replica.reader.bandBytes.map((bytes) => bytes * share);
  store.setExpected(version.dataset.id, sums);
}

function countersOf(store: ObjectStore, reads: ObjectReader, origins: OriginPool): WorkerCounters {
  const { uniqueBytes, requestedBytes, readBytes, readOriginBytes } = reads.counters;
  return {
    capacityBytes: store.capacityBytes,
    usedBytes: store.usedBytes,
    disks: store.disks,
    origin: { ...origins.counters, uniqueBytes, requestedBytes },
    reads: { bytes: readBytes, originBytes: readOriginBytes },
  };
}
