/**
 * Answers a ScanDataset command: what the disk has of a dataset, in the order of the stream, so that the master can
 * compare it with what it was told before.
 *
 * Always true: a part about a range of blocks is made and sent in one turn. What changed before that turn is in its
 * `changed`, what changes after it is reported after it.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { AuditPart } from '../../proto/generated/larder/v1/AuditPart.ts';
import { BLOCK_NUMBERS_END, formatRange, PART_NUMBERS } from '../../rpc/bitmaps/index.ts';
import type { HeldSource, ScanBatch, WorkerHandlers } from './types.ts';

export interface SendScanOptions {
  readonly command: number;
  readonly datasetId: number;
  readonly checksums: boolean;
  readonly held: HeldSource;
  readonly handlers: Pick<WorkerHandlers, 'scan'>;
  readonly signal: AbortSignal;
  /** Sends what is held. */
  flushHeld(): Promise<void>;
  send(part: AuditPart): Promise<void>;
}

/** Objects that one message tells of: 12 bytes each. */
const BATCH_OBJECTS = 16_384;
/** Problems take up to about a KiB each. */
const BATCH_PROBLEMS = 256;

/** Resolves when all has been sent. */
export async function sendScan(options: SendScanOptions): Promise<void> {
  const { datasetId, held, handlers, checksums, signal } = options;
  using changed = disposable(new RoaringBitmap32());
  const stop = held.onChange((change) => {
    const { firstBlock, count } = change;
    if (change.datasetId === datasetId) changed.bitmap.addRange(firstBlock, firstBlock + count);
  });
  try {
    await options.flushHeld();
    using scan = handlers.scan({
      datasetId,
      checksums,
      isChanged: (first, count) => changed.bitmap.rangeCardinality(first, first + count) > 0,
      unsettled: (first, count) => {
        changed.bitmap.addRange(first, first + count);
      },
    });
    const sender = new Sender(options);
    for await (const batch of scan.run(signal)) {
      sender.add(batch);
      if (sender.isFull) await sender.send();
    }
    await sender.send();
    await options.flushHeld();
    await sendRanges(options, scan.held, changed.bitmap);
  } finally {
    stop();
  }
}

async function sendRanges(
  options: SendScanOptions,
  held: RoaringBitmap32,
  changed: RoaringBitmap32,
): Promise<void> {
  const { command, signal } = options;
  const past = (bitmap: RoaringBitmap32) => (bitmap.isEmpty ? 0 : bitmap.maximum() + 1);
  const last = Math.max(past(held), past(changed));
  for (let first = 0; first < BLOCK_NUMBERS_END;) {
    signal.throwIfAborted();
    const end = first + PART_NUMBERS < last ? first + PART_NUMBERS : BLOCK_NUMBERS_END;
    await options.send({
      command,
      ranged: true,
      first_block: first,
      end_block: end,
      held: formatRange(held, first, end),
      changed: formatRange(changed, first, end),
    });
    first = end;
  }
}

/** What was seen and not told yet. */
class Sender {
  readonly #options: SendScanOptions;
  #problems: ScanBatch['problems'][number][] = [];
  #whole: ScanBatch['whole'][number][] = [];
  #objects = 0;
  #bytes = 0;

  constructor(options: SendScanOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#whole.length >= BATCH_OBJECTS || this.#problems.length >= BATCH_PROBLEMS;
  }

  add(batch: ScanBatch): void {
    this.#problems.push(...batch.problems);
    this.#whole.push(...batch.whole);
    this.#objects += batch.objects;
    this.#bytes += batch.readBytes;
  }

  async send(): Promise<void> {
    const part = {
      command: this.#options.command,
      problems: this.#problems.map((problem) => ({
        kind: problem.kind,
        object_id: problem.objectId,
        path: problem.key,
        first_block: problem.firstBlock,
        blocks: problem.blocks,
        detail: problem.detail,
      })),
      object_block: this.#whole.map(({ firstBlock }) => firstBlock),
      object_bytes: this.#whole.map(({ sizeBytes }) => sizeBytes),
      objects: this.#objects,
      bytes: this.#bytes,
    };
    this.#problems = [];
    this.#whole = [];
    await this.#options.send(part);
  }
}

function disposable(bitmap: RoaringBitmap32) {
  return {
    bitmap,
    [Symbol.dispose]: () => {
      bitmap.dispose();
    },
  };
}
