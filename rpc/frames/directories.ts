/** Where a worker's complete objects lie, as VERSION says it. */
import type { CompleteDirectory } from '../../common/index.ts';

/** One for each good disk. A release before 0.2 had one disk. */
export function directoriesOf(body: {
  readonly completeDirectory?: unknown;
  readonly completeDirectories?: unknown;
}): CompleteDirectory[] {
  const { completeDirectory, completeDirectories } = body;
  if (Array.isArray(completeDirectories)) {
    return (completeDirectories as Record<string, unknown>[]).map((it) => ({
      path: String(it['path']),
      diskId: String(it['diskId']),
      weightBytes: Number(it['weightBytes']),
    }));
  }
  if (typeof completeDirectory !== 'string' || completeDirectory === '') return [];
  return [{ path: completeDirectory, diskId: '', weightBytes: 1 }];
}
