/**
 * What workers are not to evict, because a preload has loaded it, and the copies that they are to have of it: kept
 * here, and told to each worker that joins.
 *
 * Always true: a protection is persisted before workers are told; it outlives restarts of the master and of workers;
 * one whose time is over, or whose dataset is gone, is forgotten.
 */
import { SparseWarning } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import type { MasterMessage } from '../proto/generated/larder/v1/MasterMessage.ts';
import { bitmapParts } from '../rpc/bitmaps/index.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { ProtectionRecord } from './records.ts';

export interface ProtectionsOptions {
  readonly store: Pick<CatalogStore, 'putProtection' | 'deleteProtection'>;
  readonly records: readonly ProtectionRecord[];
  readonly clock: Clock;
  readonly log: Logger;
  /** To every worker. */
  readonly tell: (message: MasterMessage) => void;
  readonly hasDataset: (datasetId: number) => boolean;
}

export type PinRecord = ProtectionRecord & { readonly bytes: number };

const PIN = 'pin';
const PRELOAD = 'preload';

export class Protections {
  readonly #options: ProtectionsOptions;
  readonly #byPreload: Map<number, ProtectionRecord>;
  readonly #unkept: SparseWarning;

  constructor(options: ProtectionsOptions) {
    this.#options = options;
    this.#byPreload = new Map(options.records.map((record) => [record.preload, record]));
    this.#unkept = new SparseWarning(options.clock, options.log);
  }

  /** Undefined where what the preload has loaded may be evicted. */
  of(preload: number): Pick<ProtectionRecord, 'untilMs'> | undefined {
    const record = this.#byPreload.get(preload);
    return record?.isEvictable === true ? undefined : record;
  }

  /** Until it is told otherwise. */
  async protect(what: Omit<ProtectionRecord, 'blocks'>, all: ReadonlyBitmap): Promise<void> {
    const blocks = [...bitmapParts(all)].map(({ bytes }) => bytes.toString('base64'));
    await this.#set({ ...what, blocks });
  }

  /** What is pinned of a dataset. */
  pinOf(datasetId: number): PinRecord | undefined {
    for (const { bytes, ...record } of this.#byPreload.values()) {
      if (bytes !== undefined && record.datasetId === datasetId) return { ...record, bytes };
    }
    return undefined;
  }

  /** In the place of what is pinned of the dataset. */
  async pin(what: Omit<PinRecord, 'blocks'>, all: ReadonlyBitmap): Promise<void> {
    await this.protect(what, all);
    // There may have been more parts before.
    this.#options.tell(this.#names());
  }

  async unpin(datasetId: number): Promise<void> {
    const pin = this.pinOf(datasetId);
    if (pin !== undefined) await this.release(pin.preload);
  }

  /** From now on. */
  async keepFor(preload: number, forMs: number): Promise<void> {
    const record = this.#byPreload.get(preload);
    if (record === undefined) return;
    await this.#set({ ...record, untilMs: this.#options.clock.wallMs() + forMs });
  }

  async release(preload: number): Promise<void> {
    if (!this.#byPreload.has(preload)) return;
    await this.#options.store.deleteProtection(preload);
    this.#byPreload.delete(preload);
    this.#options.tell(this.#names());
  }

  /** What a worker is told that joins. */
  *messages(): Generator<MasterMessage, void, undefined> {
    yield this.#names();
    for (const record of this.#byPreload.values()) yield* this.#toWire(record);
  }

  /** To be called now and then. */
  async tick(): Promise<void> {
    const { clock, hasDataset } = this.#options;
    const nowMs = clock.wallMs();
    for (const { preload, datasetId, untilMs = Infinity } of [...this.#byPreload.values()]) {
      if (untilMs > nowMs && hasDataset(datasetId)) continue;
      await this.release(preload).catch((error: unknown) => {
        // The disk is full or fails: the next tick tries again.
        this.#unkept.say({ err: error }, 'a protection could not be deleted');
      });
    }
  }

  async #set(record: ProtectionRecord): Promise<void> {
    const { store, tell } = this.#options;
    await store.putProtection(record);
    this.#byPreload.set(record.preload, record);
    for (const message of this.#toWire(record)) tell(message);
  }

  #names(): MasterMessage {
    const names = [...this.#byPreload.values()].flatMap((record) =>
      record.blocks.map((_blocks, part) => nameOf(record, part)),
    );
    return { protections: { names } };
  }

  *#toWire(record: ProtectionRecord): Generator<MasterMessage, void, undefined> {
    const { datasetId, blocks, untilMs, replicas = 0, on = [], isEvictable = false } = record;
    const restMs = untilMs === undefined ? 0 : untilMs - this.#options.clock.wallMs();
    // What is over is not told: 0 would mean that it never ends.
    if (untilMs !== undefined && restMs < 1) return;
    for (const [part, bitmap] of blocks.entries()) {
      yield {
        protect: {
          name: nameOf(record, part),
          dataset_id: datasetId,
          blocks: Buffer.from(bitmap, 'base64'),
          for_ms: Math.ceil(restMs),
          ...{ replicas, on: [...on], evictable: isEvictable },
        },
      };
    }
  }
}

function nameOf({ preload, bytes }: ProtectionRecord, part: number): string {
  return `${bytes === undefined ? PRELOAD : PIN}/${String(preload)}/${String(part)}`;
}

/** Which preload protects it so; 0: none. */
export function preloadOfName(name: string): number {
  const [kind, number] = name.split('/');
  return kind === PRELOAD ? Number(number) : 0;
}
