/**
 * What one reader waits for: the runs that bring its blocks. They go on as long as it stays, and
 * where it was served also after it.
 */
import type { StoredObject } from '../store/index.ts';
import { notKept } from './completion.ts';
import { PRIORITY } from './fetch-queue.ts';
import type { FetchRun, Source } from './fetch-run.ts';
import type { FetchFrom } from './fetch-from.ts';
import type { ObjectFetch } from './object-fetch.ts';
import type { BlockSpan } from './ranges.ts';
import { blockBytes, blocksIn } from './ranges.ts';
import type { ByteRange } from './read-pattern.ts';

/** How often what was begun for others may fail. */
const MAX_ROUNDS = 8;

export class Interest implements Disposable {
  readonly fetch: ObjectFetch;
  readonly #runs = new Set<FetchRun>();

  /** For whom the blocks are fetched. */
  from: FetchFrom;

  constructor(fetch: ObjectFetch, from: FetchFrom) {
    this.fetch = fetch;
    this.from = from;
  }

  /** Makes sure that missing blocks are being fetched; returns the run of each. */
  join(span: BlockSpan): Map<number, FetchRun> {
    const byBlock = new Map<number, FetchRun>();
    for (const run of this.fetch.want(span, PRIORITY.reader, { from: this.from })) {
      for (let block = run.first; block < run.end; block += 1) byBlock.set(block, run);
      if (this.#runs.has(run)) continue;
      this.#runs.add(run);
      run.waiters += 1;
    }
    return byBlock;
  }

  /**
   * Resolves when all bytes of a range are in the object's file.
   *
   * @returns how many of them had to be waited for, by who brought them
   * @throws {LarderError} `NOT_KEPT` where they do not get there; origin errors
   */
  async arrival(range: ByteRange, aborted: Promise<never>): Promise<Record<Source, number>> {
    const { stored, ref } = this.fetch;
    const { first, end } = blocksIn(range, ref);
    let rounds = 0;
    const waitedBytes = { peer: 0, origin: 0 };
    for (let block = first; block < end; block += 1) {
      if (stored.has(block)) continue;
      const fromBytes = block * ref.blockSizeBytes;
      const toBytes = Math.min(range.toBytes, fromBytes + blockBytes(ref, block));
      const run = this.join({ first: block, end }).get(block);
      await Promise.race([run?.written(toBytes), aborted]);
      const isThere = stored.has(block) || writtenBy(run, stored) >= toBytes;
      if (!isThere && run?.outcome?.kind === 'failed') {
        if (run.isNews) throw run.outcome.error;
        // It was begun for others: this one asks by itself.
        await run.over;
        if ((rounds += 1) > MAX_ROUNDS) throw run.outcome.error;
        block -= 1;
        continue;
      }
      if (!isThere || stored !== this.fetch.stored) throw notKept(ref);
      waitedBytes[run?.source ?? 'origin'] += toBytes - Math.max(range.fromBytes, fromBytes);
    }
    return waitedBytes;
  }

  /** The reader has what it wanted; the cache wants the whole of the blocks. */
  served(): void {
    for (const run of this.#runs) run.forCache = true;
  }

  [Symbol.dispose](): void {
    for (const run of this.#runs) this.fetch.leave(run);
  }
}

/** Whether every block that a range touches is held. */
export function isHeld(stored: StoredObject, range: ByteRange): boolean {
  const { first, end } = blocksIn(range, stored.record);
  for (let block = first; block < end; block += 1) if (!stored.has(block)) return false;
  return true;
}

/** Up to where all bytes from `fromBytes` on are in the object's file, but not beyond `limitBytes`. */
export function writtenUpTo(fetch: ObjectFetch, fromBytes: number, limitBytes: number): number {
  const { stored, ref } = fetch;
  let toBytes = fromBytes;
  while (toBytes < limitBytes) {
    const block = Math.floor(toBytes / ref.blockSizeBytes);
    const next = stored.has(block)
      ? block * ref.blockSizeBytes + blockBytes(ref, block)
      : writtenBy(fetch.runOf(block), stored);
    if (next <= toBytes) break;
    toBytes = next;
  }
  return Math.min(toBytes, limitBytes);
}

/** A run that began before the object was dropped writes to the file of another incarnation. */
export function writtenBy(run: FetchRun | undefined, stored: StoredObject): number {
  return run?.stored === stored ? run.writtenBytes : 0;
}
