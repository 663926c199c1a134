/** The Cluster service: workers join, push listings, and everyone sees who is there. */
import type { Clock } from '../common/index.ts';
import type { ClusterHandlers } from '../proto/generated/larder/v1/Cluster.ts';
import type { ClusterStatus } from '../proto/generated/larder/v1/ClusterStatus.ts';
import type { Handlers } from '../rpc/grpc/index.ts';
import type { Catalog } from './catalog.ts';
import type { FirstTouchers } from './first-touchers.ts';
import type { Listings } from './listing.ts';
import { nodeScores } from './node-scores.ts';
import type { Protections } from './protections.ts';
import type { Workers } from './workers.ts';

/** A worker that does not answer in this time is shown as it last was. */
const PROBE_MS = 500;

export interface ClusterServiceOptions {
  readonly catalog: Catalog;
  readonly listings: Listings;
  readonly workers: Workers;
  readonly firstTouchers: FirstTouchers;
  readonly protections: Protections;
  readonly clock: Clock;
  readonly softwareVersion: string;
}

export function clusterService(
  handlers: Handlers,
  options: ClusterServiceOptions,
): ClusterHandlers {
  const { listings, workers } = options;
  return {
    Join: handlers.bidiStream((stream, { signal }) => workers.join(stream, signal)),
    PushListing: handlers.clientStream(async (messages) => {
      await listings.receive(messages);
      return {};
    }),
    WatchPlacement: handlers.serverStream((_request, { signal }) => workers.watchPlacement(signal)),
    DrainWorker: handlers.unary(async ({ worker, cancel }) => ({
      worker_ids: await workers.drain(worker, !cancel),
    })),
    ForgetWorker: handlers.unary(async ({ worker }) => ({
      worker_ids: await workers.forget(worker),
    })),
    ScoreNodes: handlers.unary(async ({ dataset: name, version }) => {
      const { catalog } = options;
      const dataset = catalog.byName(name);
      const { number, bytes } = catalog.version(dataset, version);
      const heldBytes = (id: string) => workers.held.bytes(id, dataset.id);
      return { version: number, bytes, nodes: nodeScores(workers.status(), heldBytes, bytes) };
    }),
    GetStatus: handlers.unary(async () => {
      await workers.probe(PROBE_MS);
      return clusterStatus(options);
    }),
  };
}

function clusterStatus(options: ClusterServiceOptions): ClusterStatus {
  const { catalog, workers, firstTouchers, protections, clock, softwareVersion } = options;
  const alive = workers.aliveIds();
  const budgets = workers.originBudgets();
  return {
    version: softwareVersion,
    wall_ms: Math.round(clock.wallMs()),
    placement: workers.placement.number,
    workers: workers.status(),
    datasets: catalog.datasets().map((dataset) => {
      const latest = catalog.version(dataset, 0);
      return {
        id: dataset.id,
        name: dataset.name,
        latest_version: dataset.latestVersion,
        files: latest.files,
        bytes: latest.bytes,
        origin_budget: budgets.get(dataset.id) ?? null,
        pinned_bytes: protections.pinOf(dataset.id)?.bytes ?? 0,
        held_bytes: alive.reduce((sum, id) => sum + workers.held.bytes(id, dataset.id), 0),
        policy: dataset.settings.policy,
        first_toucher: firstTouchers.isOn(dataset),
      };
    }),
    leases: catalog.leases().map((lease) => ({
      dataset_id: lease.datasetId,
      version: lease.version,
      holder: lease.holder,
      what: lease.what,
    })),
  };
}
