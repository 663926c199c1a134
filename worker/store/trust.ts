/**
 * What may be believed of a cache directory at a start: whether the machine stopped uncleanly since
 * the last one, and which incarnations were given out.
 *
 * After SIGKILL under the same boot id the kernel still has every page: nothing is checked. With a
 * new boot id and without a clean close, written pages may never have reached the disk: the
 * generation grows by one and `complete/` becomes `suspect/<generation>/`.
 *
 * Always true: the rename comes before the record of it, so that repeating an interrupted start is
 * harmless; an incarnation is given out only below a limit that is on disk.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CacheDirectory } from './cache-directory.ts';
import type { RecordStore, StoreMeta } from './record-store.ts';

/** How many incarnations one write to the records makes room for. */
const INCARNATION_STEP = 65_536;
/**
 * A new directory begins anywhere below this: should it have replaced another at the same path, none of
 * its files gets the name of one that a reader still knows.
 */
const FIRST_INCARNATIONS = 2 ** 40;

export interface EstablishOptions {
  readonly bootId: string;
  /** As after an unclean stop: the disk has failed since, and the kernel may have lost what was written. */
  readonly distrusted?: boolean;
}

export class Trust {
  readonly generation: number;
  /** Incarnations from here on are of this process. */
  readonly firstIncarnation: number;
  readonly #records: RecordStore;
  readonly #bootId: string;
  #next: number;
  #limit: number;
  #raising: Promise<void> | undefined;

  constructor(records: RecordStore, bootId: string, generation: number, next: number) {
    this.#records = records;
    this.#bootId = bootId;
    this.generation = generation;
    this.firstIncarnation = next;
    this.#next = next;
    this.#limit = next;
  }

  static async establish(
    directory: CacheDirectory,
    records: RecordStore,
    { bootId, distrusted = false }: EstablishOptions,
  ): Promise<Trust> {
    const before = records.meta();
    let generation = before?.generation ?? 1;
    const isUnclean = before !== undefined && !before.clean && before.bootId !== bootId;
    if (isUnclean || (before !== undefined && distrusted)) {
      generation += 1;
      directory.suspectComplete(generation);
    }
    const trust = new Trust(
      records,
      bootId,
      generation,
      before?.incarnationLimit ?? randomInt(1, FIRST_INCARNATIONS),
    );
    await trust.#raise();
    directory.makeComplete();
    return trust;
  }

  async nextIncarnation(): Promise<number> {
    while (this.#next >= this.#limit) {
      this.#raising ??= this.#raise().finally(() => {
        this.#raising = undefined;
      });
      await this.#raising;
    }
    this.#next += 1;
    return this.#next - 1;
  }

  /** Call when all data is on disk. */
  async markClean(): Promise<void> {
    await this.#records.putMeta(this.#meta(true, this.#next));
  }

  async #raise(): Promise<void> {
    const limit = this.#next + INCARNATION_STEP;
    await this.#records.putMeta(this.#meta(false, limit));
    this.#limit = limit;
  }

  #meta(clean: boolean, incarnationLimit: number): StoreMeta {
    return { bootId: this.#bootId, clean, generation: this.generation, incarnationLimit };
  }
}

export function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
