/**
 * A worker: keeps blocks of objects on this node's disk, serves them to readers, and does what the
 * master asks for. This module puts the parts together and takes them apart in the other order.
 */
import os from 'node:os';
import path from 'node:path';
import { silentLogger, systemClock, systemRandom } from '../common/index.ts';
import type { Clock, Logger, Random } from '../common/index.ts';
import { DataServer, tcpAddress } from '../rpc/data/index.ts';
import { assertMayListen, connectMaster, parseAddress } from '../rpc/grpc/index.ts';
import { Commands } from './commands.ts';
import { DataPlane } from './data-plane.ts';
import { ObjectReader } from './fetching/index.ts';
import { joinCluster } from './membership/index.ts';
import type { ClusterMembership, WorkerCounters } from './membership/index.ts';
import { OriginPool } from './origin-pool.ts';
import { ObjectStore } from './store/index.ts';
import { Versions } from './versions.ts';
import type { OpenedVersion } from './versions.ts';

export interface WorkerOptions {
  /** `host:port` of the master. */
  readonly master: string;
  /** On a local disk; made if its parent exists. */
  readonly cacheDir: string;
  /** Default: 80 % of what is free, plus what is held already. */
  readonly capacityBytes?: number;
  /** `host:port` of the data plane for other nodes; port 0 takes a free one. */
  readonly listen: string;
  /** Unix socket of the data plane for this node. */
  readonly socket: string;
  /** Allows listening beyond loopback without authentication. Default false. */
  readonly insecure?: boolean;
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
  /** Resolves when the master counts it in. */
  joined(signal?: AbortSignal): Promise<void>;
}

const HELLO_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 4_096;

/**
 * @throws {LarderError} `CACHE_DIR_UNUSABLE`, `CACHE_DIR_LOCKED`, `INSECURE_LISTEN`, `UNAVAILABLE`
 *   where an address cannot be had. A master that is away is no error: the worker joins when it is back.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { clock = systemClock, random = systemRandom, log = silentLogger } = options;
  assertMayListen(parseAddress(options.listen).host, options.insecure ?? false);
  await using started = new AsyncDisposableStack();
  const capacity =
    options.capacityBytes === undefined ? {} : { capacityBytes: options.capacityBytes };
  const store = started.use(
    await ObjectStore.open({ directory: options.cacheDir, ...capacity, clock, logger: log }),
  );
  const master = started.use(connectMaster({ address: options.master }));
  const origins = started.use(new OriginPool({ clock, random, log }));
  let membership: ClusterMembership | undefined;
  const versions = started.use(
    new Versions({
      directory: path.join(options.cacheDir, 'manifests'),
      master,
      clock,
      log,
      onOpened: (version) => {
        expect(store, version, membership);
      },
    }),
  );
  const reads = started.use(
    new ObjectReader({
      store,
      originFor: async (datasetId) => origins.get(await versions.dataset(datasetId)),
      logger: log,
    }),
  );
  const plane = new DataPlane({
    workerId: store.workerId,
    versions,
    reads,
    completeDirectory: store.completeDirectory,
    placement: () => membership?.placement,
    log,
  });
  const server = started.use(
    new DataServer({
      handler: plane,
      clock,
      log,
      helloTimeoutMs: HELLO_TIMEOUT_MS,
      maxConnections: MAX_CONNECTIONS,
    }),
  );
  store.onEvicted((objectId) => {
    server.broadcastEvicted(objectId);
  });
  const dataAddress = await server.listen(tcpAddress(options.listen));
  await server.listen({ kind: 'unix', path: options.socket });
  const joined = started.use(
    joinCluster({
      master,
      member: {
        workerId: store.workerId,
        weightBytes: store.capacityBytes,
        dataAddress,
        node: os.hostname(),
      },
      softwareVersion: options.softwareVersion,
      held: store.held,
      handlers: new Commands({ origins, versions, reads, store }),
      counters: () => countersOf(store, reads, origins),
      clock,
      log,
      random,
    }),
  );
  membership = joined;
  const parts = started.move();
  return {
    workerId: store.workerId,
    dataAddress,
    capacityBytes: store.capacityBytes,
    joined: (signal) => joined.joined(signal),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
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
  store.admission.setExpected(version.dataset.id, sums);
}

function countersOf(store: ObjectStore, reads: ObjectReader, origins: OriginPool): WorkerCounters {
  const { uniqueBytes, requestedBytes, readBytes, readOriginBytes } = reads.counters;
  return {
    capacityBytes: store.capacityBytes,
    usedBytes: store.usedBytes,
    origin: { ...origins.counters, uniqueBytes, requestedBytes },
    reads: { bytes: readBytes, originBytes: readOriginBytes },
  };
}
