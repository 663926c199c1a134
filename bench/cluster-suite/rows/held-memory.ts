/** What the master's view of a hundred million blocks takes. */
import path from 'node:path';
import { HELD_BLOCKS, HELD_WORKERS } from '../../cluster/held-memory.ts';
import { atMost, told } from '../../figures.ts';
import { run } from '../../processes.ts';
import type { ClusterRow } from '../row.ts';

const SCRIPT = path.resolve(
  import.meta.dirname,
  `../../cluster/main${path.extname(import.meta.filename)}`,
);
/**
 * A bitmap takes a bit for each block that there is, at most. As much again for one worker's report, which is there
 * three times while it comes, and for what the allocator keeps.
 */
const LIMIT_MIB = Math.ceil((2 * HELD_WORKERS * HELD_BLOCKS) / 8 / 2 ** 20);

export const heldMemory: ClusterRow = {
  name: 'held-memory',
  title: `the view of ${HELD_BLOCKS / 1e6} million blocks, scattered over ${HELD_WORKERS} workers`,
  measure: async () => {
    const output = await run({ program: process.execPath, args: [SCRIPT, 'memory'] }, 600_000);
    return [
      atMost('RSS of the view', LIMIT_MIB, figure(output, 'heldRssMiB'), ' MiB'),
      told('the reports as they are sent', `${figure(output, 'heldSentMiB').toFixed(0)} MiB`),
    ];
  },
};

function figure(output: string, name: string): number {
  const found = new RegExp(`^${name}: ([\\d.]+)$`, 'm').exec(output)?.[1];
  if (found === undefined) throw new Error(`there is no ${name} in: ${output}`);
  return Number(found);
}
