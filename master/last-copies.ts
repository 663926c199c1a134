/** What would be lost with a worker: blocks that it was reported to hold and no other was. */
import type { HeldBlocks } from './held.ts';

export interface LastCopies {
  readonly blocks: number;
  /** Estimated where a dataset's blocks have several sizes: its blocks here have their mean size. */
  readonly bytes: number;
}

export const NO_COPIES: LastCopies = { blocks: 0, bytes: 0 };

/** @param others whose copies count: active and alive */
export function lastCopies(
  held: HeldBlocks,
  workerId: string,
  others: readonly string[],
): LastCopies {
  let blocks = 0;
  let bytes = 0;
  for (const datasetId of held.datasetsOf(workerId)) {
    const here = held.blocks(workerId, datasetId);
    if (here === undefined || here.isEmpty) continue;
    const elsewhere = held.union(others, datasetId);
    const alone = here.andNotCardinality(elsewhere);
    elsewhere.dispose();
    blocks += alone;
    bytes += Math.ceil((held.bytes(workerId, datasetId) * alone) / here.size);
  }
  return { blocks, bytes };
}
