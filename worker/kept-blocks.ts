/**
 * What the master has this worker protect from eviction, as bitmaps of block numbers.
 *
 * Always true: nothing asks a bitmap that was given back.
 *
 * Leaves to others: whether an object that is protected can be kept (`Admission`).
 */
import type { RoaringBitmap32 } from 'roaring-wasm';
import type { Clock } from '../common/index.ts';
import type { BlockProtection } from './membership/index.ts';
import type { ObjectStore } from './store/index.ts';

export function protectionListeners(
  policies: Pick<ObjectStore['policies'], 'protect' | 'unprotect'>,
  clock: Clock,
) {
  const held = new Map<string, Held>();
  const drop = (name: string) => {
    policies.unprotect(name);
    held.get(name)?.[Symbol.dispose]();
    held.delete(name);
  };
  return {
    onProtect: ({ name, datasetId, blocks, forMs }: BlockProtection) => {
      drop(name);
      const kept = new Held(blocks);
      held.set(name, kept);
      policies.protect(name, {
        datasetId,
        covers: ({ firstBlock }) => kept.has(firstBlock),
        untilMs: forMs === undefined ? undefined : clock.monotonicMs() + forMs,
      });
    },
    onProtections: (names: ReadonlySet<string>) => {
      for (const name of [...held.keys()]) if (!names.has(name)) drop(name);
    },
  };
}

/** A disk that failed may still ask, when its protection has ended. */
class Held implements Disposable {
  #blocks: RoaringBitmap32 | undefined;

  constructor(blocks: RoaringBitmap32) {
    this.#blocks = blocks;
  }

  has(block: number): boolean {
    return this.#blocks?.has(block) === true;
  }

  [Symbol.dispose](): void {
    this.#blocks?.dispose();
    this.#blocks = undefined;
  }
}
