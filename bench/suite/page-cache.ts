/** What the kernel keeps of files, dropped: of one file, or of the whole machine. */
import { writeFile } from 'node:fs/promises';
import { run } from '../processes.ts';
import { NotAvailable } from './scene.ts';

const DROP_CACHES = '/proc/sys/vm/drop_caches';
/** Pages, and look-ups too. */
const ALL = '3';

/**
 * Of one file, as posix_fadvise(DONTNEED) does. Of a file of a mount these are the mount's own pages: those
 * of the cache file below it stay.
 */
export async function dropPagesOf(path: string): Promise<void> {
  await run({ program: 'dd', args: [`if=${path}`, 'iflag=nocache', 'count=0'] });
}

/** Needs root. */
export async function dropCaches(): Promise<void> {
  await run({ program: 'sync', args: [] });
  try {
    await writeFile(DROP_CACHES, ALL);
  } catch (error) {
    throw new NotAvailable(`${DROP_CACHES}: ${error instanceof Error ? error.message : ''}`);
  }
}
