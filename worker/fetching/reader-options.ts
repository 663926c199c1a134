/** What an `ObjectReader` is made with, and what it counts. */
import type { Clock, Logger } from '../../common/index.ts';
import type { OriginReads } from '../origins/origin.ts';
import type { PeerReads } from '../peers/peer-reads.ts';
import type { ObjectStore } from '../store/index.ts';
import type { TransitCounters } from '../transit/index.ts';
import type { Bringing } from './bring.ts';
import type { ReadCounters } from './read-counts.ts';

export interface ObjectReaderOptions {
  readonly store: ObjectStore;
  readonly originFor: (datasetId: number) => Promise<OriginReads>;
  /** Other workers; default: none is asked. */
  readonly peers?: PeerReads | undefined;
  /** Origin reads at a time; default 32. */
  readonly maxOriginReads?: number | undefined;
  /** Of them, those that no reader waits for; default three quarters. */
  readonly maxUnwaitedReads?: number | undefined;
  /** Adjacent blocks are joined into origin reads of this size; default 8 MiB. */
  readonly joinBytes?: number | undefined;
  /** Read-ahead of a sequential reader; default 64 MiB. */
  readonly maxWindowBytes?: number | undefined;
  /** Objects up to this size are fetched whole at their first read; default 16 MiB. */
  readonly smallObjectBytes?: number | undefined;
  /** Memory for blocks that are not kept; default 0: they go through the disk. */
  readonly transitBytes?: number | undefined;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
}

/** Since the start of the process. */
export interface ReaderCounters extends ReadCounters {
  /** Body bytes from origins. */
  readonly bytes: number;
  readonly uniqueBytes: number;
  readonly requestedBytes: number;
  readonly transit: TransitCounters;
}

export interface BringOptions extends Pick<Bringing, 'blocks' | 'keeper' | 'pace'> {
  readonly signal: AbortSignal;
}
