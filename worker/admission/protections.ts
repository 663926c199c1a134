/**
 * What eviction leaves alone: pins, and what is to be kept until a time.
 *
 * Always true: the time is passed in, on a clock that never goes back, so that a wall clock which jumps ends
 * nothing early.
 */
import type { Described } from './types.ts';

export interface Protection {
  readonly datasetId: number;
  /** Unset: the whole dataset. */
  readonly covers?: ((object: Described) => boolean) | undefined;
  /** Unset: a pin, until it is taken away. */
  readonly untilMs?: number | undefined;
}

interface Named extends Protection {
  readonly name: string;
}

export class Protections {
  readonly #byName = new Map<string, Protection>();
  readonly #byDataset = new Map<number, Named[]>();

  get areNone(): boolean {
    return this.#byName.size === 0;
  }

  /** In the place of the one of that name. */
  set(name: string, protection: Protection): void {
    this.delete(name);
    this.#byName.set(name, protection);
    this.#sort(protection.datasetId);
  }

  delete(name: string): void {
    const gone = this.#byName.get(name);
    if (gone === undefined) return;
    this.#byName.delete(name);
    this.#sort(gone.datasetId);
  }

  /** Which holds for an object now; of several a pin. */
  of(object: Described, nowMs: number): 'pinned' | 'kept until' | undefined {
    const all = this.#byDataset.get(object.datasetId);
    if (all === undefined) return undefined;
    let found: 'kept until' | undefined;
    for (const { covers, untilMs } of all) {
      if ((untilMs ?? Infinity) <= nowMs || covers?.(object) === false) continue;
      if (untilMs === undefined) return 'pinned';
      found = 'kept until';
    }
    return found;
  }

  /** Whether nothing of a dataset may go: nobody need look at its objects then. */
  coversWhole(datasetId: number, nowMs: number): boolean {
    const all = this.#byDataset.get(datasetId);
    if (all === undefined) return false;
    return all.some(({ covers, untilMs }) => covers === undefined && (untilMs ?? Infinity) > nowMs);
  }

  /** The name of what holds for an object now; of several a pin. */
  nameOf(object: Described, nowMs: number): string | undefined {
    const all = (this.#byDataset.get(object.datasetId) ?? []).filter(
      ({ covers, untilMs }) => (untilMs ?? Infinity) > nowMs && covers?.(object) !== false,
    );
    return (all.find(({ untilMs }) => untilMs === undefined) ?? all[0])?.name;
  }

  #sort(datasetId: number): void {
    const all = [...this.#byName]
      .map(([name, protection]) => ({ ...protection, name }))
      .filter((it) => it.datasetId === datasetId);
    if (all.length === 0) this.#byDataset.delete(datasetId);
    else this.#byDataset.set(datasetId, all);
  }
}
