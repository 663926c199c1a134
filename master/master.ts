/**
 * A master: what exists, who owns it, who keeps it. Composition only; the rules are in the parts.
 *
 * Always true: `startMaster` resolves when calls are served; disposing ends the calls, persists what was
 * decided, and lets go of the data directory.
 */
import { Disposals, LarderError, SparseWarning } from '../common/index.ts';
import type { Logger, Reading } from '../common/index.ts';
import { createGrpcServer, formatAddress, Handlers } from '../rpc/grpc/index.ts';
import type { GrpcServer } from '../rpc/grpc/index.ts';
import { Auditor } from './audit.ts';
import { auditService } from './audit-service.ts';
import { Builds } from './builds.ts';
import { catalogService } from './catalog-service.ts';
import { Catalog } from './catalog.ts';
import { clusterService } from './cluster-service.ts';
import { Collector } from './collector.ts';
import { DataDirectory } from './data-directory.ts';
import { Listings } from './listing.ts';
import { LmdbStore } from './lmdb-store.ts';
import { compileOptions } from './options.ts';
import type { MasterConfig, MasterOptions } from './options.ts';
import { plansService } from './plans-service.ts';
import { Plans } from './plans.ts';
import { Pins } from './pins.ts';
import { preloadService } from './preload-service.ts';
import { Preloads } from './preloads.ts';
import { originBudgets, replicasToWire } from './wire.ts';
import { FirstTouchers } from './first-touchers.ts';
import { Predictions } from './predictions.ts';
import { masterReadings } from './readings.ts';
import { Protections } from './protections.ts';
import { Stages } from './stages.ts';
import { spaceService } from './space-service.ts';
import { Workers } from './workers.ts';

export interface Master extends AsyncDisposable {
  /** `HOST:PORT`, with the real port. */
  readonly address: string;
  /** Of its metrics, now. */
  readonly readings: readonly Reading[];
  /** What jobs of a scheduler want to find in the cache. */
  readonly stages: Stages;
  /** How long a worker may be away from now on, those that are away included. */
  setGrace(graceMs: number): void;
}

/** How many times per lease it is judged. */
const TICKS_PER_LEASE = 5;

/**
 * @throws {LarderError} `DATA_DIR_UNUSABLE`, `DATA_DIR_LOCKED`, `INSECURE_LISTEN`, `INVALID_ARGUMENT`,
 *   `UNAVAILABLE` where the port is taken
 */
export async function startMaster(options: MasterOptions): Promise<Master> {
  const config = compileOptions(options);
  await using starting = new Disposals();
  const directory = starting.use(new DataDirectory(config.dataDir));
  const store = starting.use(new LmdbStore(directory.catalogPath));
  const { parts, server } = await startParts(config, directory, store, starting);
  const running = starting.move();
  return {
    address: formatAddress(server.address),
    get readings() {
      return masterReadings(parts);
    },
    stages: parts.stages,
    setGrace: (graceMs) => {
      parts.workers.setGrace(graceMs);
    },
    [Symbol.asyncDispose]: async () => {
      await parts.workers.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

async function startParts(
  config: MasterConfig,
  directory: DataDirectory,
  store: LmdbStore,
  starting: Disposals,
) {
  const { clock, log, times } = config;
  const catalog = await Catalog.open(store, clock);
  await directory.removeOtherManifests(catalog.allVersions());
  const term = await store.next('term');
  const loaded = await store.load();
  const { placement, preloads: known, protections: records } = loaded;
  const predictions = starting.use(new Predictions({ catalog, directory, clock, log }));
  const firstTouchers = firstTouchersOf(catalog, log);
  const workers = new Workers({
    ...{ store, clock, log, times, term, placement, predictions, firstTouchers },
    // Every dataset is asked about: one whose policy is another now is forgotten.
    replicas: () => replicasToWire(catalog.datasets(), (it) => firstTouchers.isOn(it)),
    budgets: () => originBudgets(catalog.datasets()),
    limits: { blocksOf: (id: number) => catalog.find(id)?.nextBlock },
    // Both are made before any worker can join.
    protections: () => protections.messages(),
  });
  const protections = new Protections({
    ...{ store, records, clock, log },
    tell: (message) => {
      workers.tellAll(message);
    },
    hasDataset: (id) => catalog.find(id) !== undefined,
  });
  const listings = new Listings(clock, times.listingIdleMs);
  const collector = new Collector({ catalog, directory, workers, clock, log });
  const { workerWaitMs } = times;
  const builds = new Builds({ catalog, directory, workers, listings, clock, log, workerWaitMs });
  const preloads = new Preloads({
    ...{ catalog, store, directory, workers, protections, clock, log, times },
  });
  await preloads.resume(known);
  const plans = starting.use(new Plans({ catalog, store, workers, clock, log }, loaded.plans));
  const stages = new Stages({ catalog, store, preloads, records: loaded.stages });
  const parts = { workers, catalog, preloads, stages };
  starting.defer(async () => {
    await preloads.close();
    await builds.settled();
    await collector.idle();
  });
  starting.use(ticker(config, { workers, catalog, plans, preloads, protections }));
  const server: GrpcServer = starting.use(
    await createGrpcServer({
      listen: config.listen,
      insecure: config.insecure,
      maxConnections: config.maxConnections,
      ...{ clock, log },
      services: services(config, {
        ...{ catalog, builds, collector, directory, firstTouchers, listings, plans, predictions },
        pins: new Pins({ catalog, directory, store, protections, workers, clock }),
        ...{ preloads, protections, workers },
      }),
    }),
  );
  log.info({ term, datasets: catalog.datasets().length }, 'the master runs');
  return { parts, server };
}

function firstTouchersOf(catalog: Catalog, log: Logger): FirstTouchers {
  const filesOf = (id: number) => {
    const dataset = catalog.find(id);
    return dataset === undefined ? undefined : catalog.version(dataset, 0).files;
  };
  return new FirstTouchers({ filesOf, log });
}

interface Parts {
  readonly catalog: Catalog;
  readonly builds: Builds;
  readonly collector: Collector;
  readonly directory: DataDirectory;
  readonly firstTouchers: FirstTouchers;
  readonly listings: Listings;
  readonly plans: Plans;
  readonly predictions: Predictions;
  readonly pins: Pins;
  readonly preloads: Preloads;
  readonly protections: Protections;
  readonly workers: Workers;
}

function services({ log, clock, times, softwareVersion }: MasterConfig, parts: Parts) {
  const handlers = new Handlers(log);
  const { progressMs } = times;
  const auditor = new Auditor({ ...parts, clock, progressMs });
  return [
    { name: 'Audit', handlers: auditService(handlers, auditor) },
    { name: 'Catalog', handlers: catalogService(handlers, { ...parts, clock, progressMs }) },
    { name: 'Cluster', handlers: clusterService(handlers, { ...parts, clock, softwareVersion }) },
    { name: 'Plans', handlers: plansService(handlers, parts.plans) },
    { name: 'Preload', handlers: preloadService(handlers, parts.preloads) },
    { name: 'Space', handlers: spaceService(handlers, { ...parts, clock }) },
  ] as const;
}

type Judged = Pick<Parts, 'workers' | 'catalog' | 'plans' | 'preloads' | 'protections'>;

/** Judges the leases of workers, mounts and watchers, until disposed. */
function ticker(
  config: MasterConfig,
  { workers, catalog, plans, preloads, protections }: Judged,
): AsyncDisposable {
  const { clock, log, times } = config;
  const stop = new AbortController();
  const warning = new SparseWarning(clock, log);
  const run = async () => {
    for (;;) {
      await clock.sleep(times.leaseMs / TICKS_PER_LEASE, stop.signal);
      workers.tick();
      preloads.tick();
      plans.tick();
      await protections.tick();
      await catalog.expireLeases().catch((error: unknown) => {
        // The disk is full or fails: what has expired is forgotten at the next start instead.
        warning.say({ err: error }, 'leases could not be deleted');
      });
    }
  };
  const running = run().catch((error: unknown) => {
    if (!stop.signal.aborted) log.fatal({ err: error }, 'leases are no longer judged');
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new LarderError('CANCELLED'));
      await running;
    },
  };
}
