/**
 * Copies that this worker is to have though another one may own them, because a preload wants them here.
 *
 * Always true: the master and every worker compute the same holders: of the named workers (or of all members) the first
 * so many in the order of ownership. Who owns an object, and answers for it, is another matter.
 *
 * Leaves to others: where such a copy is kept (`Admission`), that it comes (`FetchObjects`), that it stays (`Moves`).
 */
import type { Clock, Placement } from '../common/index.ts';
import { dutiesOf, stripesOf } from './moves/index.ts';
import type { CopiedObject, Wanted } from './moves/index.ts';

export interface WantedCopy {
  readonly datasetId: number;
  readonly covers: (firstBlock: number) => boolean;
  readonly replicas: number;
  /** Ids of workers; empty: all. */
  readonly on: ReadonlySet<string>;
  /** It goes before what is owned, and nothing goes for it. */
  readonly isEvictable: boolean;
  /** On the monotonic clock. */
  readonly untilMs: number | undefined;
}

export interface WantedCopiesOptions {
  readonly workerId: string;
  readonly placement: () => Placement;
  readonly clock: Clock;
}

export class WantedCopies {
  readonly #options: WantedCopiesOptions;
  readonly #byName = new Map<string, WantedCopy>();
  /** Of those that name workers, the placement of these alone. */
  readonly #among = new WeakMap<WantedCopy, Placement>();

  constructor(options: WantedCopiesOptions) {
    this.#options = options;
  }

  set(name: string, copy: WantedCopy): void {
    this.#byName.set(name, copy);
  }

  /** @returns whether there was one of that name */
  delete(name: string): boolean {
    return this.#byName.delete(name);
  }

  /** Whether an object is to be here in any case; undefined: by ownership only. */
  of(object: CopiedObject): Wanted | undefined {
    let found: Wanted | undefined;
    for (const copy of this.#byName.values()) {
      if (copy.datasetId !== object.datasetId || !copy.covers(object.firstBlock)) continue;
      const isOver = (copy.untilMs ?? Infinity) <= this.#options.clock.monotonicMs();
      if (isOver || !this.#isHolder(copy, object)) continue;
      if (!copy.isEvictable) return 'protected';
      found = 'evictable';
    }
    return found;
  }

  #isHolder(wanted: WantedCopy, { objectId, sizeBytes }: CopiedObject): boolean {
    const { workerId } = this.#options;
    const { replicas, on } = wanted;
    if (on.size > 0 && !on.has(workerId)) return false;
    if (on.size > 0 && replicas >= on.size) return true;
    const placement = this.#placementFor(wanted);
    const copy = { placement, workerId, objectId, stripes: stripesOf({ sizeBytes }), replicas };
    return dutiesOf(copy).mine !== 'none';
  }

  #placementFor(wanted: WantedCopy): Placement {
    const current = this.#options.placement();
    if (wanted.on.size === 0) return current;
    const known = this.#among.get(wanted);
    if (known?.number === current.number) return known;
    const placement = current.among(wanted.on);
    this.#among.set(wanted, placement);
    return placement;
  }
}
