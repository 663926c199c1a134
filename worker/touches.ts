/**
 * An object is about to be read, or was: told to those that learn from it (what comes next, in which order a dataset is
 * read, who reads it first), and asked who is to keep it.
 */
import type { ObjectRef, Placement, PlacementMember } from '../common/index.ts';
import type { FirstTouchers, Touch } from './first-touchers.ts';
import type { Patterns } from './patterns/index.ts';
import type { Prefetch } from './prefetch/index.ts';

export interface TouchesOptions {
  readonly workerId: string;
  readonly prefetch: Pick<Prefetch, 'note'>;
  readonly patterns: Pick<Patterns, 'touched' | 'keptBy'>;
  readonly firstTouchers: Pick<FirstTouchers, 'touched' | 'givenTo' | 'isWatched'>;
  readonly placement: () => Placement | undefined;
}

/** Who reads. */
export interface Toucher {
  /** On this node. */
  readonly isLocal: boolean;
  /** The worker on its node, where it said so. */
  readonly reader?: string | undefined;
}

export interface TouchingRead extends Toucher {
  readonly hops: number;
  readonly mayFetch: boolean;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly signal: AbortSignal;
}

export class Touches {
  readonly #options: TouchesOptions;

  constructor(options: TouchesOptions) {
    this.#options = options;
  }

  /** Bytes were read. */
  read(touch: Touch, by: Toucher): void {
    this.#note(touch, by, undefined);
  }

  /** A read is to be answered. @returns who keeps it, where that is not this worker: the reader is sent there */
  async reading(touch: Touch, read: TouchingRead): Promise<PlacementMember | undefined> {
    const { workerId, firstTouchers } = this.#options;
    const { ref } = touch;
    const { isLocal, hops, mayFetch, offsetBytes, lengthBytes, signal } = read;
    const isFirst = isLocal && hops === 0 && mayFetch && firstTouchers.isWatched(ref.datasetId);
    const keeper = isFirst ? await firstTouchers.touched(touch, signal) : undefined;
    this.#note(touch, read, keeper);
    if (!mayFetch) return undefined;
    const given = firstTouchers.givenTo(ref, offsetBytes, lengthBytes);
    if (given !== undefined || keeper === undefined || keeper === workerId) return given;
    return this.#elsewhere(ref, keeper);
  }

  #note({ opened, ordinal, ref }: Touch, by: Toucher, keeper: string | undefined): void {
    const { workerId, prefetch, patterns } = this.#options;
    prefetch.note(opened, ordinal, ref.sizeBytes);
    const { dataset, version, replica } = opened;
    const { entryCount, summary } = replica.reader;
    const of = { datasetId: dataset.id, version, entries: entryCount, files: summary.files };
    if (keeper !== undefined && keeper !== workerId) patterns.keptBy(of, ordinal, keeper);
    patterns.touched(of, ordinal, by.isLocal ? workerId : by.reader);
  }

  /** What its owner has comes from there as always: it is asked as the next in turn, where it cannot be reached. */
  #elsewhere({ objectId }: ObjectRef, keeper: string): PlacementMember | undefined {
    const placement = this.#options.placement();
    if (placement?.owner(objectId)?.workerId === keeper) return undefined;
    return placement?.members.find(({ workerId }) => workerId === keeper);
  }
}
