/**
 * What the master's view of all workers takes in memory: 100 million blocks, each held by one of eight workers, in no
 * order at all, which is the worst for bitmaps.
 *
 *     node bench/cluster/main.ts memory
 */
import { HeldBlocks } from '../../master/held.ts';
import { apply, bytesOf, pack, scattered } from './reports.ts';

export interface HeldMemoryFigures {
  /** By how much the process has grown. */
  readonly heldRssMiB: number;
  /** The bitmaps as they are sent. */
  readonly heldSentMiB: number;
}

const MIB = 1024 * 1024;
export const HELD_BLOCKS = 100_000_000;
export const HELD_WORKERS = 8;

/** To be measured in a process of its own: what another measurement gave back would be used again. */
export function measureHeldMemory(): HeldMemoryFigures {
  const before = process.memoryUsage().rss;
  const held = new HeldBlocks();
  let sentBytes = 0;
  for (let worker = 0; worker < HELD_WORKERS; worker += 1) {
    const blocks = scattered(HELD_BLOCKS, 1 / HELD_WORKERS, worker + 20);
    const parts = pack(blocks);
    blocks.dispose();
    sentBytes += bytesOf(parts);
    apply(held, parts, undefined, String(worker));
  }
  // One worker's report was in memory three times: as made here, as sent, as applied.
  return { heldRssMiB: (process.memoryUsage().rss - before) / MIB, heldSentMiB: sentBytes / MIB };
}
