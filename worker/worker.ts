/**
 * A worker: keeps blocks of objects on this node's disk, serves them to readers, and does what the
 * master asks for. This module puts the parts together and takes them apart in the other order.
 */
import os from 'node:os';
import path from 'node:path';
import {
  Disposals,
  MIB,
  Placement,
  shareOfOpenFiles,
  silentLogger,
  systemClock,
  systemRandom,
} from '../common/index.ts';
import type { PlacementMember } from '../common/index.ts';
import { ConnectionSlots, DataServer, tcpAddress } from '../rpc/data/index.ts';
import { assertMayListen, connectMaster, parseAddress } from '../rpc/grpc/index.ts';
import type { MasterChannel } from '../rpc/grpc/index.ts';
import { openBudgets, openFirstTouchers, openMoves, openPeers } from './cluster-parts.ts';
import type { Cluster } from './cluster-parts.ts';
import { Commands } from './commands.ts';
import { DataPlane } from './data-plane.ts';
import { Expectations } from './expectations.ts';
import { ObjectReader } from './fetching/index.ts';
import type { FirstTouchers } from './first-touchers.ts';
import { HeldPredictions } from './held-predictions.ts';
import { protectionListeners } from './kept-blocks.ts';
import { joinCluster } from './membership/index.ts';
import type { ClusterMembership } from './membership/index.ts';
import type { Moves } from './moves/index.ts';
import { OriginTroubles } from './origin-troubles.ts';
import { OriginPool } from './origin-pool.ts';
import { defaultThreads, divideMemory, ManyReads, serveByThreads } from './serving/index.ts';
import type { ServingThreads } from './serving/index.ts';
import { QuotaTicks } from './quota-ticks.ts';
import { Patterns } from './patterns/index.ts';
import { openPlans } from './plans/index.ts';
import type { JobPlans } from './plans/index.ts';
import { Prefetch } from './prefetch/index.ts';
import type { OriginBudgets } from './prefetch/index.ts';
import { settingsListeners } from './settings-listeners.ts';
import { shareOf } from './shares.ts';
import { PeerLinks } from './peers/index.ts';
import { ObjectStore } from './store/index.ts';
import { Touches } from './touches.ts';
import { WantedCopies } from './wanted-copies.ts';
import { Versions } from './versions.ts';
import { workerReadings } from './readings.ts';
import { countersOf } from './worker-counters.ts';
import type { Config, Worker, WorkerOptions } from './worker-options.ts';

const FRAME_TIMEOUT_MS = 5_000;
/** As long as a read may take by default: who takes nothing for so long has given up on all of its own. */
const SEND_TIMEOUT_MS = 30_000;
/** A mount has at most 128 reads ahead under way, and one per process that reads. */
const MAX_REQUESTS = 1_024;
const DEFAULT_CONNECTIONS = 4_096;
/** 4 TB in three days, for 0.3 % of what an NVMe disk reads, and 2 % of a core. */
const DEFAULT_SCRUB_BYTES_PER_SECOND = 16 * MIB;
const DEFAULT_READ_MEMORY_BYTES = 128 * MIB;
/** Of the file descriptors: objects that are kept open, connections, reads of origins. */
const OBJECT_FILES = { share: 1 / 8, least: 4, most: 512 };
/** Those of the serving threads together. */
const SERVED_FILES = { share: 1 / 8, least: 4, most: 1_024 };
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
  const cluster: Cluster = { membership: undefined, moves: undefined, firstTouchers: undefined };
  const parts = await openParts({ ...options, clock, random, log }, cluster, started);
  const { store, moves, expectations, firstTouchers } = parts;
  const { address: dataAddress, serving } = await serve(
    { ...options, clock, log },
    parts,
    cluster,
    started,
  );
  const membership = started.use(join({ ...options, clock, random, log }, parts, dataAddress));
  cluster.membership = membership;
  membership.onPlacement((placement) => {
    expectations.placed(placement);
    firstTouchers.placementChanged();
    moves.placementChanged();
    serving?.placed(placement.number);
  });
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
    get readings() {
      return workerReadings(countersOf(parts));
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

function memberOf(store: ObjectStore, dataAddress: string, node = os.hostname()): PlacementMember {
  return {
    workerId: store.workerId,
    // Without a disk it keeps nothing, and still reads through for whoever has no other worker.
    weightBytes: Math.max(1, store.capacityBytes),
    dataAddress,
    node,
    state: 'active',
  };
}

interface Parts {
  readonly store: ObjectStore;
  readonly master: MasterChannel;
  readonly origins: OriginPool;
  readonly versions: Versions;
  readonly reads: ObjectReader;
  readonly links: PeerLinks;
  readonly moves: Moves;
  readonly copies: WantedCopies;
  readonly expectations: Expectations;
  readonly troubles: OriginTroubles;
  readonly budgets: OriginBudgets;
  readonly predictions: HeldPredictions;
  readonly patterns: Patterns;
  readonly plans: JobPlans;
  readonly firstTouchers: FirstTouchers;
}

function join(config: Config, parts: Parts, dataAddress: string): ClusterMembership {
  const { store, master, predictions, copies, moves } = parts;
  const { clock, log, random } = config;
  return joinCluster({
    master,
    member: () => memberOf(store, dataAddress, config.node),
    softwareVersion: config.softwareVersion,
    held: store.held,
    ...settingsListeners(parts),
    ...protectionListeners({
      ...{ policies: store.policies, copies, clock },
      onCopiesEnd: () => {
        moves.rulesChanged();
      },
    }),
    predict: (request) => predictions.predict(request),
    ...(config.reportMs === undefined ? {} : { reportMs: config.reportMs }),
    handlers: new Commands(parts),
    counters: () => countersOf(parts),
    clock,
    log,
    random,
  });
}

async function openParts(config: Config, cluster: Cluster, started: Disposals): Promise<Parts> {
  const { clock, random, log, openFiles = Infinity } = config;
  const store = started.use(await openStore(config, cluster));
  started.use(new QuotaTicks({ store, clock }));
  const master = started.use(connectMaster({ address: config.master }));
  const origins = started.use(
    new OriginPool({ clock, random, log, maxConnections: config.originConnections ?? 32 }),
  );
  const { workerId } = store;
  const known = openVersions({ ...config, master, store }, started);
  const { versions, predictions } = known;
  const troubles = new OriginTroubles({
    ...{ clock, log },
    restMs: config.originRestMs,
    hasOthers: () => (cluster.membership?.placement.members.length ?? 0) > 1,
  });
  const budgets = started.use(openBudgets(config, workerId, cluster));
  const originFor = async (datasetId: number) => {
    const origin = origins.get(await versions.dataset(datasetId));
    return troubles.guard(datasetId, budgets.paced(datasetId, origin));
  };
  const maxOriginReads = shareOfOpenFiles(openFiles, ORIGIN_READS);
  const links = started.use(
    new PeerLinks({
      ...{ workerId, clock, log },
      timeoutMs: config.peerTimeoutMs,
      restMs: config.peerRestMs,
      originRestMs: config.originRestMs,
    }),
  );
  const peers = openPeers(config, { workerId, links }, cluster);
  const reads = started.use(
    new ObjectReader({
      ...{ store, originFor, peers, maxOriginReads, clock, logger: log },
      transitBytes: config.transitBytes,
    }),
  );
  const copies = new WantedCopies({
    ...{ workerId, clock },
    placement: () => cluster.membership?.placement ?? Placement.empty,
  });
  const moves = started.use(openMoves(config, { store, versions, reads, links, copies }, cluster));
  cluster.moves = moves;
  const firstTouchers = started.use(
    openFirstTouchers(config, { store, versions, reads, links, moves }, cluster),
  );
  cluster.firstTouchers = firstTouchers;
  const share = () => shareOf(cluster.membership?.placement, workerId);
  return {
    ...{ store, master, origins, reads, links, moves, copies, firstTouchers },
    ...{ ...known, troubles, budgets, patterns: new Patterns({ share }) },
    plans: started.use(openPlans({ store, versions, predictions, share, clock, log })),
  };
}

function openVersions(
  { socket, clock, log, store, master }: Omit<Config, 'master'> & Pick<Parts, 'store' | 'master'>,
  started: Disposals,
): Pick<Parts, 'expectations' | 'predictions' | 'versions'> {
  const { workerId } = store;
  const expectations = new Expectations(store);
  // Without a disk they go beside the socket.
  const directory = () => path.join(store.firstDirectory ?? path.dirname(socket), 'manifests');
  const predictions = started.use(new HeldPredictions({ directory, workerId, clock, log }));
  const versions = started.use(
    new Versions({
      ...{ directory, master, clock, log },
      onOpened: (version) => {
        expectations.opened(version);
        predictions.opened(version);
      },
    }),
  );
  store.onDisksChanged(() => {
    versions.checkDirectory();
  });
  return { expectations, predictions, versions };
}

async function openStore(config: Config, cluster: Cluster): Promise<ObjectStore> {
  const { cacheDirs, capacities, clock, log, openFiles = Infinity } = config;
  return await ObjectStore.open({
    directories: cacheDirs.map((at, i) => ({ path: at, capacityBytes: capacities?.[i] })),
    hungAfterMs: config.diskHungAfterMs,
    errorLimit: config.diskErrorLimit,
    retryMs: config.diskRetryMs,
    scrubBytesPerSecond: config.scrubBytesPerSecond ?? DEFAULT_SCRUB_BYTES_PER_SECOND,
    maxOpenFiles: Math.ceil(shareOfOpenFiles(openFiles, OBJECT_FILES) / cacheDirs.length),
    isReplica: (ref) => cluster.moves?.isReplica(ref) ?? false,
    rateWindowMs: config.rateWindowMs,
    clock,
    logger: log,
  });
}

/** The address of the data plane has the real port. */
async function serve(
  config: Omit<Config, 'random'>,
  { store, versions, reads, moves, patterns, plans, firstTouchers }: Parts,
  cluster: Cluster,
  started: Disposals,
): Promise<{ readonly address: string; readonly serving?: ServingThreads }> {
  const { clock, log, listen, socket, openFiles = Infinity } = config;
  const most = config.maxConnections ?? DEFAULT_CONNECTIONS;
  const { workerId } = store;
  const placement = () => cluster.membership?.placement;
  const isScattered = (datasetId: number) => firstTouchers.isOn(datasetId);
  const orderOf = (datasetId: number) => patterns.orderOf(datasetId);
  const prefetch = started.use(
    new Prefetch({ reads, workerId, placement, isScattered, orderOf, plans, clock, log }),
  );
  const plane = new DataPlane({
    ...{ workerId, versions, reads, firstTouchers, moves, placement, clock, log },
    touches: new Touches({ workerId, prefetch, patterns, firstTouchers, placement }),
    completeDirectories: () => store.completeDirectories,
  });
  const handler = new ManyReads(plane, (file, signal) => plane.sizeOf(file, signal));
  const threads = config.servingThreads ?? defaultThreads();
  const { readMemoryBytes = DEFAULT_READ_MEMORY_BYTES } = config;
  const { mainBytes, threadBytes } = divideMemory(readMemoryBytes, threads);
  const maxConnections = shareOfOpenFiles(openFiles, { ...CONNECTIONS, most });
  const slots = new ConnectionSlots(maxConnections, { users: 1 + threads });
  const limits = {
    frameTimeoutMs: FRAME_TIMEOUT_MS,
    sendTimeoutMs: SEND_TIMEOUT_MS,
    maxRequests: MAX_REQUESTS,
    maxConnections,
  };
  const server = started.use(
    new DataServer({
      ...{ ...limits, handler, clock, log },
      connectionSlots: slots,
      maxReadBytes: mainBytes,
    }),
  );
  store.onEvicted((objectId) => {
    server.broadcastEvicted(objectId);
  });
  store.onDisksChanged(() => {
    server.broadcastDisksChanged();
  });
  await server.listen({ kind: 'unix', path: socket }, { socketMode: config.socketMode });
  if (threads === 0) return { address: await server.listen(tcpAddress(listen)) };
  const serving = started.use(
    await serveByThreads({
      ...{ ...parseAddress(listen), threads, slots, clock, log },
      parts: { store, versions, plane, handler, server },
      limits: { ...limits, maxReadBytes: threadBytes },
      maxOpenFiles: shareOfOpenFiles(openFiles, SERVED_FILES),
      placement: () => placement()?.number ?? 0,
    }),
  );
  store.onEvicted((objectId) => {
    serving.evicted(objectId);
  });
  store.onDisksChanged(() => {
    serving.disksChanged();
  });
  return { address: serving.address, serving };
}
