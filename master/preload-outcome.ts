/** What became of a preload, as it is kept, and as it is told. */
import type { PreloadProgress } from '../proto/generated/larder/v1/PreloadProgress.ts';
import type { FinalState } from './preload-job.ts';
import type { PreloadOutcome, PreloadRecord } from './records.ts';

export function outcomeOf(progress: PreloadProgress, endedAtMs: number): PreloadOutcome {
  const counts = Object.entries(progress).flatMap(([name, value]) =>
    typeof value === 'number' && name !== 'preload_id' ? [[name, value] as const] : [],
  );
  return {
    state: progress.state as FinalState,
    endedAtMs,
    counts: Object.fromEntries(counts),
    failures: (progress.failures ?? []).map(({ path, code = '', message = '' }) => ({
      path: Buffer.from(path ?? '').toString('base64'),
      ...{ code, message },
    })),
  };
}

export function progressFrom(id: number, outcome: PreloadOutcome): PreloadProgress {
  return {
    ...outcome.counts,
    preload_id: id,
    state: outcome.state,
    failures: outcome.failures.map(({ path, code, message }) => ({
      path: Buffer.from(path, 'base64'),
      ...{ code, message },
    })),
  };
}

/**
 * What a retry is to bring: the files that failed, where all of them are known; else the same again, of which
 * nothing is fetched that is held.
 *
 * @returns undefined where nothing is left that could be had
 */
export function retryPaths(
  { paths, listed }: Pick<PreloadRecord, 'paths' | 'listed'>,
  { state, counts, failures }: PreloadOutcome,
): { paths: readonly string[]; listed: readonly string[] } | undefined {
  if (state === 'COMPLETE') return undefined;
  const all = { paths, listed: listed ?? [] };
  const isAllKnown = failures.length === (counts['failed_files'] ?? 0);
  if (state === 'CANCELLED' || !isAllKnown) return all;
  if (failures.some(({ path }) => path === '')) return all;
  // A version never changes: what is not in it will not come.
  const left = failures.filter(({ code }) => code !== 'NOT_FOUND');
  // With copies a file may have failed on several workers.
  const listedLeft = [...new Set(left.map(({ path }) => path))];
  return left.length === 0 ? undefined : { paths: [], listed: listedLeft };
}
