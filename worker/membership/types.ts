/** What a worker brings to its membership: handlers for commands, and what it holds. */
import type { RoaringBitmap32 } from 'roaring-wasm';
import type {
  DatasetInfo,
  DatasetPolicy,
  LarderError,
  Logger,
  Clock,
  Placement,
  PlacementMember,
  Random,
} from '../../common/index.ts';
import type { Prediction } from '../../proto/generated/larder/v1/Prediction.ts';
import type { MasterChannel } from '../../rpc/grpc/index.ts';
import type { OriginTrouble } from '../origin-troubles.ts';
import type { ListingBatch } from '../origins/origin.ts';
import type { CountedDecision } from '../admission/index.ts';
import type { DatasetPattern } from '../patterns/index.ts';
import type { PeerCounters } from '../peers/index.ts';
import type { PlanStatus, ToldPlan } from '../plans/index.ts';
import type { OriginDemand, OriginShare } from '../prefetch/index.ts';
import type { DiskStatus, Visited, VisitRequest } from '../store/index.ts';
import type { TransitCounters } from '../transit/index.ts';

/** Blocks [firstBlock, firstBlock + count) of a dataset came to this disk, or went. */
export interface HeldChange {
  readonly datasetId: number;
  readonly firstBlock: number;
  readonly count: number;
  readonly held: boolean;
}

/** What is on this worker's disk. A change is announced before anything that follows from it is. */
export interface HeldSource {
  /** Of which anything is held. */
  datasetIds(): readonly number[];
  /** Block numbers of the dataset. A copy: whoever asks disposes it. */
  blocks(datasetId: number): RoaringBitmap32;
  bytes(datasetId: number): number;
  /** Returns how to stop. */
  onChange(listener: (change: HeldChange) => void): () => void;
}

export interface PredictRequest {
  readonly datasetId: number;
  /** Valid during the call. */
  readonly held: RoaringBitmap32;
  readonly placement: Placement;
}

/** Blocks that the master predicts as well. */
export interface HeldPrediction {
  /** Belongs to whoever asked, who disposes it. */
  readonly blocks: RoaringBitmap32;
  readonly wire: Prediction;
}

export interface FetchRequest {
  readonly datasetId: number;
  readonly version: number;
  readonly ordinals: readonly number[];
  /** One per ordinal: which stripe of an object that is owned by stripe. Empty: whole objects. */
  readonly stripes: readonly number[];
}

export interface FetchResult {
  readonly ordinal: number;
  /** Undefined: the whole object, or stripe, is on this disk. `NOT_KEPT` where there is no room for it. */
  readonly failure?: LarderError | undefined;
}

export interface ScanRequest {
  readonly datasetId: number;
  /** Read what is held, and compare. */
  readonly checksums: boolean;
  /** Whether any of these blocks came or went since the scan began. */
  isChanged(firstBlock: number, count: number): boolean;
  /** Blocks that may be announced any moment. */
  unsettled(firstBlock: number, count: number): void;
}

export interface ScanBatch {
  readonly problems: readonly {
    readonly kind: string;
    readonly objectId: string;
    readonly key: Buffer;
    readonly firstBlock: number;
    readonly blocks: number;
    readonly detail: string;
  }[];
  readonly whole: readonly { readonly firstBlock: number; readonly sizeBytes: number }[];
  readonly objects: number;
  readonly readBytes: number;
}

export interface Scan extends Disposable {
  /** What is held, once the run has ended. */
  readonly held: RoaringBitmap32;
  run(signal: AbortSignal): AsyncIterable<ScanBatch>;
}

export interface CollectRequest {
  readonly datasetId: number;
  /** Objects whose first block lies in [firstBlock, endBlock) and is not in `live` are to go. */
  readonly firstBlock: number;
  readonly endBlock: number;
  /** Valid during the call. */
  readonly live: RoaringBitmap32;
}

/** Each may reject with a `LarderError`; a signal that fires means that the result is not wanted. */
export interface WorkerHandlers {
  listOrigin(
    dataset: Pick<DatasetInfo, 'origin' | 'settings'>,
    signal: AbortSignal,
  ): AsyncIterable<ListingBatch>;
  /** One result per ordinal, in any order, as they come. */
  fetchObjects(request: FetchRequest, signal: AbortSignal): AsyncIterable<FetchResult>;
  collect(request: CollectRequest, signal: AbortSignal): Promise<void>;
  /** Frees or verifies what is held of some objects. */
  visit(request: VisitRequest, signal: AbortSignal): AsyncIterable<Visited>;
  /** Looks at the disk, and changes nothing. */
  scan(request: ScanRequest): Scan;
}

export interface ReadPattern extends DatasetPattern {
  /** Objects are kept where they are read first. */
  readonly isFirstToucher: boolean;
}

/** What has been set for a dataset beside what names its objects. */
export interface DatasetRule {
  readonly policy: DatasetPolicy;
  /** Objects are kept where they are read first. */
  readonly isFirstToucher: boolean;
}

export interface WorkerCounters {
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** Of each cache directory. */
  readonly disks?: readonly DiskStatus[];
  readonly origin: {
    readonly gets: number;
    readonly bytes: number;
    readonly uniqueBytes: number;
    readonly requestedBytes: number;
  };
  readonly reads: {
    readonly bytes: number;
    readonly originBytes: number;
    readonly peerBytes: number;
  };
  /** What is not kept, on its way through memory; and what was written to the disks. */
  readonly transit?: TransitCounters & { readonly writtenBytes: number };
  /** What is to come from other workers, and what has come since the start of the process. */
  readonly moves: {
    readonly pendingObjects: number;
    readonly pendingBytes: number;
    readonly movedBytes: number;
  };
  readonly peers: PeerCounters;
  readonly originTroubles: readonly OriginTrouble[];
  /** How datasets are read, as far as this worker sees it. */
  readonly patterns?: readonly ReadPattern[];
  readonly originDemands?: readonly OriginDemand[];
  /** Why objects went where they are, and why others left. */
  readonly decisions?: readonly CountedDecision[];
  /** What this worker makes of the plans of jobs. */
  readonly plans?: readonly PlanStatus[];
}

export interface BlockProtection {
  readonly name: string;
  readonly datasetId: number;
  readonly blocks: RoaringBitmap32;
  /** From now on; unset: until it is taken away. */
  readonly forMs?: number;
  /** Copies that are to be there, on the first of these workers; 0: no more than there are anyway. */
  readonly replicas: number;
  /** Ids of workers; empty: all. */
  readonly on: ReadonlySet<string>;
  /** Wanted, and not protected. */
  readonly isEvictable: boolean;
}

export interface MembershipOptions {
  readonly master: MasterChannel;
  /** As it is to be told at each hello. */
  readonly member: () => PlacementMember;
  /** Of the software, for people. */
  readonly softwareVersion: string;
  readonly held: HeldSource;
  readonly handlers: WorkerHandlers;
  /** What full reports are sent as the difference from. Default: nothing is predicted. */
  readonly predict?: (request: PredictRequest) => Promise<HeldPrediction | undefined>;
  /** Since the start of the process; asked for at each heartbeat. */
  counters(): WorkerCounters;
  /**
   * Called before the first placement, and when it changes: how many copies the objects of each dataset are to
   * have, of all that have more than one.
   */
  onReplicas?(replicas: ReadonlyMap<number, number>): void;
  /** Called at the same time: bytes that all workers together are to keep at most, of the datasets that have a quota. */
  onQuotas?(quotas: ReadonlyMap<number, number>): void;
  /** As `onReplicas`, of all datasets whose policy is not `auto`. */
  onRules?(rules: ReadonlyMap<number, DatasetRule>): void;
  /** Called before the first placement, and when it changes: of all origins that have a budget. */
  onOriginShares?(shares: readonly OriginShare[]): void;
  /** Called with the plan of a job, perhaps again. */
  onPlan?(plan: ToldPlan): void;
  /** Called after those: all other plans have ended. */
  onLivePlans?(planIds: ReadonlySet<number>): void;
  /** Blocks that are not to be evicted, which belong to the receiver; in the place of those of that name. */
  onProtect?(protect: BlockProtection): void;
  /** Called before the first placement, and when one ends early: those of other names have ended. */
  onProtections?(names: ReadonlySet<string>): void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  /** How often changes of what is held are reported. Default 100 ms. */
  readonly reportMs?: number;
  /** Between two tries to reach the master: from, to. Default 100 ms and 1 s. */
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
}

export interface ClusterMembership extends AsyncDisposable {
  /** As the master told it last; kept while the master is away. Empty before the first. */
  readonly placement: Placement;
  /** Whether the master answers now. */
  readonly connected: boolean;
  /** Called with each new placement. Returns how to stop. */
  onPlacement(listener: (placement: Placement) => void): () => void;
  /** Says hello anew: what it says of this worker has changed. Commands that run are given up. */
  announce(): void;
  /** Resolves when the master has told a placement that has this worker. */
  joined(signal?: AbortSignal): Promise<void>;
}
