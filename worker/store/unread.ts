/** What it means for an object that its bytes could not be read. */
import { LarderError } from '../../common/index.ts';
import type { DiskHealth } from './disk-health.ts';
import { isOutOfFiles } from './file-cache.ts';
import { fileProblem } from './object-files.ts';

export interface Unread {
  /** For the reader. */
  readonly error: LarderError;
  /** Why the object is to be dropped; undefined where nothing is wrong with it. */
  readonly dropBecause?: string;
}

/** Counts it as well. */
export function judgeUnread(objectId: string, error: unknown, health: DiskHealth): Unread {
  if (isOutOfFiles(error)) {
    // It is read when there are file descriptors again.
    health.count(error);
    const problem = 'no file descriptor is left';
    return { error: new LarderError('CACHE_IO', { object: objectId, problem }, { cause: error }) };
  }
  const code = fileProblem(error);
  if (code === 'damaged') health.counters.damaged += 1;
  else if (code === 'lost') health.counters.lost += 1;
  else health.count(error);
  const told =
    error instanceof LarderError
      ? error
      : new LarderError('CACHE_IO', { object: objectId, problem: code }, { cause: error });
  return { error: told, dropBecause: code };
}
