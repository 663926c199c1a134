/** Results as text and as JSON. */
import { formatBytes } from '../../common/index.ts';
import { align } from '../align.ts';
import type { Checks, Compared, ComparedRow } from './check.ts';
import { TOLERANCE } from './check.ts';
import type { EpochTimeOptions, Result } from './result.ts';
import { COLUMNS } from './tables.ts';

export function renderChecks(checks: Checks): string {
  const titles = COLUMNS.map(({ title }) => title);
  return [
    'Hit ratios in %, at c = 25 / 50 / 75 %: simulated (expected)',
    align([['', ...titles], ...checks.hitRatios.map(cellsOf)]),
    'Where reads are answered, in %: local / peer / origin',
    align(checks.places.map(cellsOf)),
    'Epoch time in % of the compute time, c = 50 %, the origin gives half of what is needed',
    align(checks.times.map(cellsOf)),
    checks.off === 0
      ? `All are within ${String(TOLERANCE)} point.`
      : `${String(checks.off)} off by more than ${String(TOLERANCE)} point: marked with OFF.`,
  ].join('\n\n');
}

export interface NamedResult {
  readonly policy: string;
  readonly result: Result;
}

export function renderResults(results: readonly NamedResult[], times?: EpochTimeOptions): string {
  const header = ['policy', 'hits', 'local', 'peer', 'origin', 'from the origin', 'max/min'];
  const rows = results.map(({ policy, result }) => [
    policy,
    percent(result.hitRatio),
    percent(result.share('local')),
    percent(result.share('peer')),
    percent(result.share('origin')),
    formatBytes(Math.round(result.originBytesPerEpoch)),
    spreadOf(result),
    ...(times === undefined ? [] : [`${result.epochSeconds(times).toFixed(1)} s`]),
  ]);
  const deciles = results.map(({ policy, result }) => [
    policy,
    ...result.missDeciles.map((share) => percent(share)),
  ]);
  return [
    align([[...header, ...(times === undefined ? [] : ['epoch'])], ...rows]),
    'Misses by tenth of an epoch:',
    align(deciles),
  ].join('\n\n');
}

export function resultJson({ policy, result }: NamedResult, times?: EpochTimeOptions): object {
  return {
    policy,
    hitRatio: result.hitRatio,
    local: result.share('local'),
    peer: result.share('peer'),
    origin: result.share('origin'),
    originBytesPerEpoch: result.originBytesPerEpoch,
    missDeciles: result.missDeciles,
    epochSeconds: times === undefined ? null : result.epochSeconds(times),
  };
}

/** How uneven misses are: the tenth with most of them against the one with least. */
function spreadOf({ missDeciles }: Result): string {
  const most = Math.max(...missDeciles);
  const ratio = most === 0 ? 1 : most / Math.min(...missDeciles);
  return ratio < MOST_SPREAD ? ratio.toFixed(2) : `> ${String(MOST_SPREAD)}`;
}

/** More says nothing but that there is a tenth with hardly any. */
const MOST_SPREAD = 100;

function cellsOf({ title, cells }: ComparedRow): string[] {
  return [title, ...cells.map(cellText)];
}

function cellText({ values, expected, isEqual }: Compared): string {
  const simulated = values.map((value) => value.toFixed(1)).join(' / ');
  if (expected === undefined) return simulated;
  const wanted = expected.map((value) => String(Number(value.toFixed(2)))).join(' / ');
  return `${isEqual ? '' : 'OFF '}${simulated} (${wanted})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
