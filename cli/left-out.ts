/** What the origin has and a version does not show, in words: how many, why, and which. */
import { explainSkip, printable, printableKey } from '../common/index.ts';
import type { Dataset, SkippedKey, VersionInfo } from '../sdk/index.ts';
import { table } from './output.ts';

/** Told where a dataset is made or mounted; empty where nothing was left out. */
export function leftOutNote(dataset: string, count: number): string {
  if (count === 0) return '';
  const what = count === 1 ? '1 key was' : `${String(count)} keys were`;
  return `${what} left out: see \`larder dataset show ${dataset} --skipped\`.`;
}

/** `3 (2 fifo, 1 socket)`: the most frequent reason first. */
export function leftOutCounts({ skipped, skippedReasons }: VersionInfo): string {
  const reasons = byCount(skippedReasons).map(([reason, count]) => `${String(count)} ${reason}`);
  return reasons.length === 0 ? String(skipped) : `${String(skipped)} (${reasons.join(', ')})`;
}

/** The first `limit` of them, in the order of the listing. */
export async function firstLeftOut(dataset: Dataset, limit: number): Promise<SkippedKey[]> {
  const found: SkippedKey[] = [];
  if (limit === 0) return found;
  for await (const skipped of dataset.skipped()) {
    found.push(skipped);
    if (found.length >= limit) break;
  }
  return found;
}

/** A table of reasons, then one line per key: reason, tab, key with what is unprintable escaped. */
export function leftOutText(version: VersionInfo, keys: readonly SkippedKey[]): string {
  if (version.skipped === 0) return `v${String(version.number)} left nothing out.`;
  const reasons = byCount(version.skippedReasons).map(([reason, count]) => [
    String(count),
    reason,
    explainSkip(reason),
  ]);
  const lines = keys.map(
    ({ key, reason }) => `${printable(reason)}\t${printable(printableKey(key))}`,
  );
  return [table(['COUNT', 'REASON', 'WHAT IT IS'], reasons), '', ...lines].join('\n');
}

export function leftOutJson(version: VersionInfo, keys: readonly SkippedKey[]): object {
  return {
    version: version.number,
    total: version.skipped,
    reasons: version.skippedReasons,
    skipped: keys.map(({ key, reason }) => ({
      key: key.toString(),
      keyBase64: key.toString('base64'),
      reason,
    })),
  };
}

function byCount(reasons: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(reasons).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
