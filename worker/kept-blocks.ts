/**
 * What the master has this worker protect from eviction, and hold a copy of, as bitmaps of block numbers.
 *
 * Always true: nothing asks a bitmap that was given back.
 *
 * Leaves to others: whether an object that is protected can be kept (`Admission`), whether a copy is due here
 * (`WantedCopies`).
 */
import type { RoaringBitmap32 } from 'roaring-wasm';
import type { Clock } from '../common/index.ts';
import type { BlockProtection } from './membership/index.ts';
import type { ObjectStore } from './store/index.ts';
import type { WantedCopies } from './wanted-copies.ts';

export interface ProtectionParts {
  readonly policies: Pick<ObjectStore['policies'], 'protect' | 'unprotect'>;
  readonly copies: Pick<WantedCopies, 'set' | 'delete'>;
  readonly clock: Clock;
  /** Copies that were to be here are so no more. */
  readonly onCopiesEnd: () => void;
}

export function protectionListeners({ policies, copies, clock, onCopiesEnd }: ProtectionParts) {
  const held = new Map<string, Held>();
  /** @returns whether copies end with it */
  const drop = (name: string): boolean => {
    policies.unprotect(name);
    const hadCopies = copies.delete(name);
    held.get(name)?.[Symbol.dispose]();
    held.delete(name);
    return hadCopies;
  };
  return {
    onProtect: (protection: BlockProtection) => {
      const { name, datasetId, blocks, forMs } = protection;
      drop(name);
      const kept = new Held(blocks);
      held.set(name, kept);
      const untilMs = forMs === undefined ? undefined : clock.monotonicMs() + forMs;
      const { isEvictable } = protection;
      if (!isEvictable) {
        const covers = ({ firstBlock }: { readonly firstBlock: number }) => kept.has(firstBlock);
        policies.protect(name, { datasetId, covers, untilMs });
      }
      if (protection.replicas === 0) return;
      const { replicas, on } = protection;
      const covers = (firstBlock: number) => kept.has(firstBlock);
      copies.set(name, { datasetId, covers, replicas, on, isEvictable, untilMs });
    },
    onProtections: (names: ReadonlySet<string>) => {
      const ended = [...held.keys()].filter((name) => !names.has(name));
      if (ended.map(drop).includes(true)) onCopiesEnd();
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
