/**
 * What other workers have offered, and has not come yet.
 *
 * Bitmaps over ordinals and block numbers: a million objects that are to come are about 250 KB, so nobody has
 * to be held back.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { ObjectRef } from '../../common/index.ts';

export interface Arrival {
  /** Who offered it. */
  readonly from: string;
  readonly datasetId: number;
  readonly version: number;
  readonly ordinal: number;
}

interface Queue {
  readonly datasetId: number;
  readonly version: number;
  readonly ordinals: RoaringBitmap32;
}

interface Offered {
  readonly queues: Map<string, Queue>;
  /** First blocks of objects, by dataset. */
  readonly blocks: Map<number, RoaringBitmap32>;
  bytes: number;
}

export class Arrivals implements Disposable {
  readonly #offered = new Map<string, Offered>();

  /** Waiting. */
  get objects(): number {
    let objects = 0;
    for (const { queues } of this.#offered.values()) {
      for (const { ordinals } of queues.values()) objects += ordinals.size;
    }
    return objects;
  }

  /** Waiting. */
  get bytes(): number {
    let bytes = 0;
    for (const offered of this.#offered.values()) bytes += offered.bytes;
    return bytes;
  }

  add(arrival: Arrival, ref: Pick<ObjectRef, 'firstBlock' | 'sizeBytes'>): void {
    const { from, datasetId, version, ordinal } = arrival;
    const offered = this.#of(from);
    const key = keyOf(datasetId, version);
    let queue = offered.queues.get(key);
    if (queue === undefined) {
      queue = { datasetId, version, ordinals: new RoaringBitmap32() };
      offered.queues.set(key, queue);
    }
    this.#blocksOf(offered, datasetId).add(ref.firstBlock);
    if (queue.ordinals.tryAdd(ordinal)) offered.bytes += ref.sizeBytes;
  }

  /** It stays where it is: nothing waits for it. */
  keep(from: string, { datasetId, firstBlock }: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): void {
    this.#blocksOf(this.#of(from), datasetId).add(firstBlock);
  }

  /** Takes one out of the queue; its keeper stays known until `settled`. */
  next(isPaused: (from: string) => boolean): Arrival | undefined {
    for (const [from, offered] of this.#offered) {
      const { queues } = offered;
      if (isPaused(from)) continue;
      for (const [key, { datasetId, version, ordinals }] of queues) {
        if (ordinals.isEmpty) {
          ordinals.dispose();
          queues.delete(key);
          if (queues.size === 0) offered.bytes = 0;
          continue;
        }
        const ordinal = ordinals.minimum();
        ordinals.delete(ordinal);
        // The others next: their disks and networks work at the same time.
        this.#offered.delete(from);
        this.#offered.set(from, offered);
        return { from, datasetId, version, ordinal };
      }
    }
    return undefined;
  }

  /** One that `next` gave, and that could not be looked at. */
  putBack({ from, datasetId, version, ordinal }: Arrival): void {
    this.#offered.get(from)?.queues.get(keyOf(datasetId, version))?.ordinals.add(ordinal);
  }

  /** One that `next` gave counts as waiting no more. */
  begun({ from }: Arrival, { sizeBytes }: Pick<ObjectRef, 'sizeBytes'>): void {
    const offered = this.#offered.get(from);
    if (offered !== undefined) offered.bytes = Math.max(0, offered.bytes - sizeBytes);
  }

  /** It has come, or it will not. */
  settled({ from, datasetId }: Arrival, { firstBlock }: Pick<ObjectRef, 'firstBlock'>): void {
    this.#offered.get(from)?.blocks.get(datasetId)?.delete(firstBlock);
  }

  /** Ids of workers that said that they have it. */
  keepersOf({ datasetId, firstBlock }: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): string[] {
    const ids: string[] = [];
    for (const [from, { blocks }] of this.#offered) {
      if (blocks.get(datasetId)?.has(firstBlock) === true) ids.push(from);
    }
    return ids;
  }

  /** Of the workers that are not in the set nothing is to be had any more. */
  keepOnly(workerIds: ReadonlySet<string>): void {
    for (const [from, offered] of this.#offered) {
      if (workerIds.has(from)) continue;
      this.#offered.delete(from);
      dispose(offered);
    }
  }

  [Symbol.dispose](): void {
    this.keepOnly(new Set());
  }

  #blocksOf({ blocks }: Offered, datasetId: number): RoaringBitmap32 {
    const known = blocks.get(datasetId) ?? new RoaringBitmap32();
    blocks.set(datasetId, known);
    return known;
  }

  #of(from: string): Offered {
    let offered = this.#offered.get(from);
    if (offered === undefined) {
      offered = { queues: new Map(), blocks: new Map(), bytes: 0 };
      this.#offered.set(from, offered);
    }
    return offered;
  }
}

function keyOf(datasetId: number, version: number): string {
  return `${String(datasetId)}/${String(version)}`;
}

function dispose({ queues, blocks }: Offered): void {
  for (const { ordinals } of queues.values()) ordinals.dispose();
  for (const bitmap of blocks.values()) bitmap.dispose();
}
