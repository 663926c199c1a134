/** What a worker tells of itself with each heartbeat. */
import type { ObjectReader } from './fetching/index.ts';
import type { FirstTouchers } from './first-touchers.ts';
import type { WorkerCounters } from './membership/index.ts';
import type { Moves } from './moves/index.ts';
import type { OriginPool } from './origin-pool.ts';
import type { OriginTroubles } from './origin-troubles.ts';
import type { Patterns } from './patterns/index.ts';
import type { PeerLinks } from './peers/index.ts';
import type { JobPlans } from './plans/index.ts';
import type { OriginBudgets } from './prefetch/index.ts';
import type { ObjectStore } from './store/index.ts';

export interface CountedParts {
  readonly store: Pick<
    ObjectStore,
    'capacityBytes' | 'usedBytes' | 'disks' | 'decisions' | 'writtenBytes'
  >;
  readonly reads: Pick<ObjectReader, 'counters'>;
  readonly origins: Pick<OriginPool, 'counters'>;
  readonly moves: Pick<Moves, 'counters'>;
  readonly links: Pick<PeerLinks, 'counters'>;
  readonly troubles: Pick<OriginTroubles, 'list'>;
  readonly budgets: Pick<OriginBudgets, 'demands'>;
  readonly patterns: Pick<Patterns, 'list'>;
  readonly plans: Pick<JobPlans, 'list'>;
  readonly firstTouchers: Pick<FirstTouchers, 'isOn'>;
}

export function countersOf(parts: CountedParts): WorkerCounters {
  const { store, reads, origins, moves, links, troubles, budgets, patterns, firstTouchers } = parts;
  const { uniqueBytes, requestedBytes, readBytes, readOriginBytes, readPeerBytes } = reads.counters;
  return {
    capacityBytes: store.capacityBytes,
    usedBytes: store.usedBytes,
    disks: store.disks,
    decisions: store.decisions,
    origin: { ...origins.counters, uniqueBytes, requestedBytes },
    transit: { ...reads.counters.transit, writtenBytes: store.writtenBytes },
    reads: { bytes: readBytes, originBytes: readOriginBytes, peerBytes: readPeerBytes },
    moves: moves.counters,
    peers: links.counters,
    originTroubles: troubles.list,
    plans: parts.plans.list(),
    originDemands: budgets.demands(),
    patterns: patterns.list().map((pattern) => ({
      ...pattern,
      isFirstToucher: firstTouchers.isOn(pattern.datasetId),
    })),
  };
}
