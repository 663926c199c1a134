/** What a worker brings to its membership: handlers for commands, and what it holds. */
import type { RoaringBitmap32 } from 'roaring-wasm';
import type {
  DatasetInfo,
  LarderError,
  Logger,
  Clock,
  Placement,
  PlacementMember,
  Random,
} from '../../common/index.ts';
import type { MasterChannel } from '../../rpc/grpc/index.ts';
import type { ListingBatch } from '../origins/origin.ts';

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

export interface FetchRequest {
  readonly datasetId: number;
  readonly version: number;
  readonly ordinals: readonly number[];
}

export interface FetchResult {
  readonly ordinal: number;
  /** Undefined: the whole object is on this disk. `NOT_KEPT` where there is no room for it. */
  readonly failure?: LarderError | undefined;
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
}

export interface DiskCounters {
  readonly path: string;
  readonly state: 'good' | 'missing' | 'bad';
  /** Why it is not good. */
  readonly problem?: string | undefined;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  readonly objects: number;
  readonly errors: number;
}

export interface WorkerCounters {
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** Of each cache directory. */
  readonly disks?: readonly DiskCounters[];
  readonly origin: {
    readonly gets: number;
    readonly bytes: number;
    readonly uniqueBytes: number;
    readonly requestedBytes: number;
  };
  readonly reads: { readonly bytes: number; readonly originBytes: number };
}

export interface MembershipOptions {
  readonly master: MasterChannel;
  /** As it is to be told at each hello. */
  readonly member: () => PlacementMember;
  /** Of the software, for people. */
  readonly softwareVersion: string;
  readonly held: HeldSource;
  readonly handlers: WorkerHandlers;
  /** Since the start of the process; asked for at each heartbeat. */
  counters(): WorkerCounters;
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
