/**
 * Fetches what comes next, where a dataset is read in the order in which it was read before.
 *
 * Every worker sees the reads of what it owns, and of the readers on its node; so its order has all that it has to
 * bring, and it walks it alone. Across the end of an epoch it goes on into the next: nobody waits at its beginning.
 *
 * Leaves to others: which order is repeated (`worker/patterns`), where the walk is (`OrderWalk`), what there is room
 * for (`AheadFetches`).
 */
import { MIB } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import type { RecordedOrder } from '../patterns/recorded-order.ts';
import type { OpenedVersion } from '../versions.ts';
import type { AheadFetches } from './ahead-fetches.ts';
import { OrderWalk } from './order-walk.ts';
import type { WalkedOrder } from './order-walk.ts';

export interface OrderReplayOptions {
  readonly fetches: AheadFetches;
  readonly clock: Clock;
  /** Undefined unless the dataset is read in an order that came before. */
  readonly orderOf: (datasetId: number) => RecordedOrder | undefined;
}

/** How often it is asked whether there is an order, and where its readers are. */
const ASK_MS = 100;
/** A larger object is read ahead of within itself. */
const MAX_OBJECT_BYTES = 64 * MIB;

interface Replayed {
  readonly walk: OrderWalk;
  order: RecordedOrder | undefined;
  askedAtMs: number;
  filling: boolean;
}

export class OrderReplay {
  readonly #options: OrderReplayOptions;
  readonly #versions = new WeakMap<OpenedVersion, Replayed>();

  constructor(options: OrderReplayOptions) {
    this.#options = options;
  }

  /** A file of a version was read. @returns whether it is known what comes next */
  note(opened: OpenedVersion, ordinal: number): boolean {
    const replayed = this.#ask(opened);
    if (replayed.order === undefined) return false;
    replayed.walk.read(ordinal);
    this.#fill(opened, replayed);
    return true;
  }

  #ask(opened: OpenedVersion): Replayed {
    const nowMs = this.#options.clock.monotonicMs();
    let replayed = this.#versions.get(opened);
    if (replayed === undefined) {
      const walk = new OrderWalk();
      replayed = { walk, order: undefined, askedAtMs: -Infinity, filling: false };
      this.#versions.set(opened, replayed);
    }
    if (nowMs - replayed.askedAtMs < ASK_MS) return replayed;
    replayed.askedAtMs = nowMs;
    const order = this.#options.orderOf(opened.dataset.id);
    replayed.order = order?.version === opened.version ? order : undefined;
    if (replayed.order !== undefined) replayed.walk.follow(walkedOrder(replayed.order));
    return replayed;
  }

  #fill(opened: OpenedVersion, replayed: Replayed): void {
    if (replayed.filling) return;
    replayed.filling = true;
    this.#fetchNext(opened, replayed)
      .catch((error: unknown) => {
        this.#options.fetches.failed(error);
      })
      .finally(() => {
        replayed.filling = false;
      });
  }

  async #fetchNext(opened: OpenedVersion, replayed: Replayed): Promise<void> {
    const { fetches } = this.#options;
    while (fetches.hasPlace) {
      const { order, walk } = replayed;
      if (order === undefined) return;
      const aheadBytes = () => walk.aheadBytes;
      const limits = { maxBytes: MAX_OBJECT_BYTES, aheadBytes, isKnown: true };
      const ref = await fetches.next(opened, limits, (look) => {
        walk.take(walkedOrder(order), (ordinal) => look(ordinal));
      });
      if (ref === undefined) return;
      fetches.fetch(ref, () => {
        this.#fill(opened, this.#ask(opened));
      });
    }
  }
}

/** Each pass as the last one. */
export function walkedOrder({ ordinals, cursor }: RecordedOrder): WalkedOrder {
  const { length } = ordinals;
  return { length, cursor, at: (position) => ordinals[position % length] };
}
