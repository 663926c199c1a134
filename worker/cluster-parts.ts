/** Parts of a worker that need what is made after them: the placement, and what other workers keep. */
import { MIB, Placement } from '../common/index.ts';
import type { ObjectReader } from './fetching/index.ts';
import { FirstTouchers } from './first-touchers.ts';
import type { ClusterMembership } from './membership/index.ts';
import { Moves } from './moves/index.ts';
import { PeerReads } from './peers/index.ts';
import type { PeerLinks } from './peers/index.ts';
import { OriginBudgets } from './prefetch/index.ts';
import { shareOf } from './shares.ts';
import type { ObjectStore } from './store/index.ts';
import type { Versions } from './versions.ts';
import type { WantedCopies } from './wanted-copies.ts';
import type { Config } from './worker-options.ts';

/** Whoever is told may have to fetch a manifest first. */
const MOVE_TIMEOUT_MS = 60_000;
/** A reader waits for it: an owner that does not answer is passed over. */
const CLAIM_TIMEOUT_MS = 5_000;
const DEFAULT_MOVE_BYTES_PER_SECOND = 200 * MIB;

/** What is made last; undefined until then. */
export interface Cluster {
  membership: ClusterMembership | undefined;
  moves: Moves | undefined;
  firstTouchers: FirstTouchers | undefined;
}

interface ReadingParts {
  readonly store: ObjectStore;
  readonly versions: Versions;
  readonly reads: ObjectReader;
  readonly links: PeerLinks;
}

export function openBudgets({ clock }: Config, workerId: string, cluster: Cluster): OriginBudgets {
  return new OriginBudgets({
    clock,
    isConnected: () => cluster.membership?.connected ?? false,
    weightShare: () => shareOf(cluster.membership?.placement, workerId),
  });
}

export function openPeers(
  { clock, log }: Config,
  { workerId, links }: { readonly workerId: string; readonly links: PeerLinks },
  cluster: Cluster,
): PeerReads {
  return new PeerReads({
    ...{ workerId, links, clock, log },
    keepers: {
      keepersOf: (ref) => cluster.moves?.keepersOf(ref) ?? [],
      isSettled: () => cluster.moves?.isSettled() ?? true,
      isMine: (ref) => cluster.firstTouchers?.isMine(ref) ?? false,
      take: (ref) => {
        cluster.firstTouchers?.take(ref);
      },
      isScattered: (datasetId) => cluster.firstTouchers?.isOn(datasetId) ?? false,
    },
    placement: () => cluster.membership?.placement,
    replicasOf: (datasetId) => cluster.moves?.replicasOf(datasetId) ?? 1,
  });
}

type MovingParts = ReadingParts & { readonly copies: WantedCopies };

export function openMoves(
  { clock, log, moveBytesPerSecond }: Config,
  { store, versions, reads, links, copies }: MovingParts,
  cluster: Cluster,
): Moves {
  return new Moves({
    ...{ store, versions, clock, log },
    wantedCopy: (ref) => copies.of(ref),
    placement: () => cluster.membership?.placement ?? Placement.empty,
    bring: (ref, how) => reads.bring(ref, how),
    staysAway: (ref) => cluster.firstTouchers?.isScattered(ref) ?? false,
    tell: async (member, type, list, signal) => {
      try {
        const client = await links.connect(member);
        await client.tellMoves(type, list, { timeoutMs: MOVE_TIMEOUT_MS, signal });
      } catch (error) {
        links.report(member, error);
        throw error;
      }
    },
    bytesPerSecond: moveBytesPerSecond ?? DEFAULT_MOVE_BYTES_PER_SECOND,
  });
}

export function openFirstTouchers(
  { log }: Config,
  parts: ReadingParts & { readonly moves: Moves },
  cluster: Cluster,
): FirstTouchers {
  const { store, versions, reads, links, moves } = parts;
  return new FirstTouchers({
    ...{ workerId: store.workerId, keepers: moves, reads, versions, log },
    placement: () => cluster.membership?.placement ?? Placement.empty,
    heldBytes: (datasetId) => store.held.bytes(datasetId),
    ask: async (owner, list, signal) => {
      const client = await links.connect(owner);
      return await client.claim(list, { timeoutMs: CLAIM_TIMEOUT_MS, signal });
    },
  });
}
