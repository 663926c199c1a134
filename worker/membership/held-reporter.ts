/**
 * Reports what is held over one Join stream: everything once, then what changes, in batches. The first time
 * everything is sent as the difference from what the master predicts, where that is smaller.
 *
 * Always true: reports are sent in the order in which things happened; `flush` resolves when all that
 * happened before it was called has been handed to the stream.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { Clock } from '../../common/index.ts';
import type { HeldReport } from '../../proto/generated/larder/v1/HeldReport.ts';
import { bitmapParts, formatBitmap } from '../../rpc/bitmaps/index.ts';
import type { HeldChange, HeldPrediction, HeldSource } from './types.ts';

/** A delta above this is sent as a full report, which can be cut into parts. */
const MAX_DELTA_BYTES = 1024 * 1024;

export interface HeldReporterOptions {
  readonly held: HeldSource;
  readonly clock: Clock;
  readonly reportMs: number;
  /** Datasets that were reported by this process before, which may have become empty meanwhile. */
  readonly known: Set<number>;
  /** Of the stream. */
  readonly signal: AbortSignal;
  /** Undefined where nothing can be predicted. */
  predict(datasetId: number, held: RoaringBitmap32): Promise<HeldPrediction | undefined>;
  send(report: HeldReport): Promise<void>;
}

interface Pending {
  readonly added: RoaringBitmap32;
  readonly removed: RoaringBitmap32;
}

export class HeldReporter implements Disposable {
  readonly #options: HeldReporterOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #unsubscribe: () => void;
  #sending: Promise<void>;
  #scheduled = false;

  /** Resolves when everything was reported once. */
  readonly reported: Promise<void>;

  /** Begins with the full report. */
  constructor(options: HeldReporterOptions) {
    this.#options = options;
    const { held, known } = options;
    for (const datasetId of held.datasetIds()) known.add(datasetId);
    // Subscribed first, sent later: what changes meanwhile is sent once more, which does no harm.
    this.#unsubscribe = held.onChange((change) => {
      this.#note(change);
    });
    this.#sending = this.#sendAll([...known]);
    this.#sending.catch(() => undefined);
    this.reported = this.#sending;
  }

  async flush(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendPending());
    this.#sending.catch(() => undefined);
    await this.#sending;
  }

  /** The master could not use what it was sent. */
  async sendPlain(datasetId: number): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendFull(datasetId, 'plain'));
    this.#sending.catch(() => undefined);
    await this.#sending;
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    for (const datasetId of [...this.#pending.keys()]) this.#drop(datasetId);
  }

  #note(change: HeldChange): void {
    const { datasetId, firstBlock, count, held } = change;
    this.#options.known.add(datasetId);
    let pending = this.#pending.get(datasetId);
    if (pending === undefined) {
      pending = { added: new RoaringBitmap32(), removed: new RoaringBitmap32() };
      this.#pending.set(datasetId, pending);
    }
    const { added, removed } = pending;
    (held ? added : removed).addRange(firstBlock, firstBlock + count);
    (held ? removed : added).removeRange(firstBlock, firstBlock + count);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { clock, reportMs, signal } = this.#options;
    clock
      .sleep(reportMs, signal)
      .then(() => {
        this.#scheduled = false;
        return this.flush();
      })
      // The stream has ended: the next one begins with a full report.
      .catch(() => undefined);
  }

  async #sendAll(datasetIds: readonly number[]): Promise<void> {
    for (const datasetId of datasetIds) await this.#sendFull(datasetId, 'predicted');
  }

  async #sendFull(datasetId: number, how: 'plain' | 'predicted'): Promise<void> {
    const { held } = this.#options;
    this.#drop(datasetId);
    const blocks = held.blocks(datasetId);
    const bytes = held.bytes(datasetId);
    try {
      const predicted = how === 'plain' ? undefined : await this.#difference(datasetId, blocks);
      const report = { dataset_id: datasetId, full: true, held_bytes: bytes };
      await this.#sendParts(blocks, predicted === undefined ? report : { ...report, predicted });
    } finally {
      blocks.dispose();
    }
  }

  /** Turns `blocks` into their difference from what is predicted, where that is smaller. */
  async #difference(
    datasetId: number,
    blocks: RoaringBitmap32,
  ): Promise<HeldPrediction['wire'] | undefined> {
    if (blocks.isEmpty) return undefined;
    const prediction = await this.#options.predict(datasetId, blocks);
    if (prediction === undefined) return undefined;
    const { blocks: expected, wire } = prediction;
    try {
      const plainBytes = packedBytes(blocks);
      blocks.xorInPlace(expected);
      if (packedBytes(blocks) < plainBytes) return wire;
      blocks.xorInPlace(expected);
      return undefined;
    } finally {
      expected.dispose();
    }
  }

  async #sendParts(blocks: RoaringBitmap32, report: HeldReport): Promise<void> {
    const end = blocks.isEmpty ? 0 : blocks.maximum() + 1;
    for (const part of bitmapParts(blocks, end)) {
      this.#options.signal.throwIfAborted();
      await this.#options.send({ ...report, added: part.bytes, more: part.end < end });
    }
  }

  async #sendPending(): Promise<void> {
    for (const datasetId of [...this.#pending.keys()]) {
      this.#options.signal.throwIfAborted();
      const delta = this.#take(datasetId);
      if (delta === undefined) continue;
      if (delta.added.length + delta.removed.length > MAX_DELTA_BYTES) {
        await this.#sendFull(datasetId, 'plain');
      } else {
        const heldBytes = this.#options.held.bytes(datasetId);
        await this.#options.send({ dataset_id: datasetId, ...delta, held_bytes: heldBytes });
      }
    }
  }

  #take(datasetId: number): { added: Buffer; removed: Buffer } | undefined {
    const pending = this.#pending.get(datasetId);
    if (pending === undefined) return undefined;
    const { added, removed } = pending;
    const delta = { added: formatBitmap(added), removed: formatBitmap(removed) };
    this.#drop(datasetId);
    return delta;
  }

  #drop(datasetId: number): void {
    const pending = this.#pending.get(datasetId);
    this.#pending.delete(datasetId);
    pending?.added.dispose();
    pending?.removed.dispose();
  }
}

/** As it is sent. */
function packedBytes(blocks: RoaringBitmap32): number {
  blocks.runOptimize();
  return blocks.getSerializationSizeInBytes('portable');
}
