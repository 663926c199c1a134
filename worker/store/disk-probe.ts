/** Asks a disk whether it answers, before anything else is done with it: on a thread, because it may hang. */
import type { Clock } from '../../common/index.ts';
import { LarderError, systemCode } from '../../common/index.ts';
import { unusable } from './cache-directory.ts';
import { DiskReaders } from './disk-readers.ts';
import { DiskWatch } from './disk-watch.ts';

/** What a disk says that fails. All else is said better by who uses the directory. */
const FAILURES = new Set(['EIO', 'EROFS', 'ENXIO', 'ENODEV', 'ESTALE', 'ESHUTDOWN', 'EUCLEAN']);

/**
 * @returns false where the directory is not there
 * @throws {LarderError} `CACHE_DIR_UNUSABLE` where the disk fails or does not answer
 */
export async function looksUsable(
  directory: string,
  clock: Clock,
  hungAfterMs: number,
): Promise<boolean> {
  const watch = new DiskWatch({
    clock,
    hungAfterMs,
    onHung: () => {
      const reason = 'the disk does not answer';
      watch.giveUp(new LarderError('CACHE_DIR_UNUSABLE', { directory, reason }));
    },
  });
  const readers = new DiskReaders(watch, 'read', 1);
  try {
    return await readers.probe(directory, true);
  } catch (error) {
    if (error instanceof LarderError || FAILURES.has(systemCode(error) ?? '')) {
      throw unusable(directory, error);
    }
    return true;
  } finally {
    // A thread that hangs ends when its call does.
    void readers[Symbol.asyncDispose]();
  }
}
