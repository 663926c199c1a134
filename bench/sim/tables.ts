/**
 * What the simulator has to give: the tables of the policy's design, in percent. Cells without a value are not
 * filled there.
 *
 * Source of the hit ratios, with c = kept region / dataset:
 *   - LRU, one job, new shuffle: an object at u of one epoch and at v of the next is hit iff u(1 − v) > 1 − c, so
 *     c + (1 − c)·ln(1 − c); the same order: 0, because what was read last comes last;
 *   - never evict, hash band: c, whatever the order;
 *   - Belady, one job: c, because between two epochs every object waits for its next use; with more jobs: numerically;
 *   - SIEVE: numerically, and it has no end: it nears c with every epoch (6 / 24 / 54 in the third of 16,000 objects,
 *     18 / 44 / 72 in the seventeenth, which is the one that the table means);
 *   - S3-FIFO: numerically, with queues that keep to their own room. Where newcomers fill what the main queue has left,
 *     the same order hits 62 % at c = 75 %: an object comes back while the ghost queue still has its name.
 * The table says nothing of when jobs of own shuffles begin. Their phases move Belady by up to 1.6 points; here two are
 * half an epoch apart, and four as in the last column, 0.1 epoch from one to the next.
 */
import type { PlacementName } from './cluster.ts';
import type { PolicyName } from './policies/index.ts';
import type { SamplerName } from './samplers.ts';

/** Kept region / dataset. */
export const CACHED_SHARES = [0.25, 0.5, 0.75] as const;

export interface Column {
  readonly title: string;
  readonly sampler: SamplerName;
  readonly lags: readonly number[];
  readonly sameOrder: boolean;
  readonly warmEpochs: number;
  readonly epochs: number;
}

const ONE_JOB = { lags: [0], sameOrder: false, warmEpochs: 16, epochs: 4 } as const;
const MORE_JOBS = { sampler: 'shuffled', sameOrder: false, warmEpochs: 4, epochs: 4 } as const;

export const COLUMNS: readonly Column[] = [
  { title: 'one job, new shuffle', sampler: 'shuffled', ...ONE_JOB },
  { title: 'one job, same order', sampler: 'repeated', ...ONE_JOB },
  { title: '2 jobs, own shuffles', ...MORE_JOBS, lags: [0, 0.5] },
  { title: '4 jobs, own shuffles', ...MORE_JOBS, lags: [0, 0.1, 0.2, 0.3] },
  { title: '4 jobs, same order, lags', ...MORE_JOBS, lags: [0, 0.1, 0.2, 0.3], sameOrder: true },
];

type Cell = readonly [number, number, number] | undefined;

export interface HitRow {
  readonly title: string;
  readonly policy: PolicyName;
  /** One cell per column, each with a value per cached share. */
  readonly cells: readonly Cell[];
}

const BAND: Cell = [25, 50, 75];

export const HIT_ROWS: readonly HitRow[] = [
  {
    title: 'LRU',
    policy: 'lru',
    cells: [
      [3, 15, 40],
      [0, 0, 0],
      [14, 32, 56],
      [20, 41, 66],
      [3, 79, 85],
    ],
  },
  { title: 'SIEVE', policy: 'sieve', cells: [[18, 44, 72], [0, 0, 0], ...noCells(3)] },
  { title: 'S3-FIFO', policy: 's3-fifo', cells: [[17, 19, 46], [0, 0, 0], ...noCells(3)] },
  { title: 'never evict', policy: 'never-evict', cells: [BAND, BAND, BAND, BAND, BAND] },
  { title: 'hash band (Larder)', policy: 'larder', cells: [BAND, BAND, BAND, BAND, BAND] },
  {
    title: 'Belady, next epochs known',
    policy: 'belady',
    cells: [BAND, BAND, [50, 73, 88], [56, 77, 91], [65, 87, 94]],
  },
  {
    title: 'Belady, current epoch known',
    policy: 'belady-current',
    cells: [BAND, undefined, [46, 66, 83], [54, 73, 88], undefined],
  },
  {
    title: 'Larder, next epochs known',
    policy: 'larder-plans',
    cells: [BAND, BAND, [50, 73, 88], [56, 77, 91], [65, 87, 94]],
  },
  { title: 'follow-window', policy: 'follow-window', cells: noCells(5) },
];

/** Of a node's cache, s = node's kept region / dataset. */
export interface PlaceRow {
  readonly title: string;
  readonly policy: PolicyName;
  readonly placement: PlacementName;
  readonly sampler: SamplerName;
  readonly nodes: number;
  readonly replicas: number;
  readonly share: number;
  /** Local, peer, origin. */
  readonly expected: readonly [number, number, number];
}

const SHUFFLED = { sampler: 'shuffled', replicas: 1 } as const;
const ALONE = { policy: 'never-evict', placement: 'alone', ...SHUFFLED } as const;
const OWNERS = { policy: 'larder', placement: 'owners', ...SHUFFLED } as const;
/** On every node, where there is room. */
const COPIES = { ...OWNERS, replicas: 1_000 } as const;
const PARTS = {
  policy: 'larder',
  sampler: 'partitioned',
  nodes: 8,
  replicas: 1,
  share: 1 / 16,
} as const;

/**
 * Source: alone s / 0 / 1 − s; owners s / (N − 1)s / 1 − Ns while Ns ≤ 1; with copies in what is to spare
 * s / 1 − s / 0. Stable partitions: of what is cached, all is local with the first toucher and 1/N by hash.
 */
export const PLACE_ROWS: readonly PlaceRow[] = [
  { title: 'every node for itself, never evict', ...ALONE, ...splitOf(8, 1 / 16, 'alone') },
  { title: 'every node for itself, never evict', ...ALONE, ...splitOf(8, 1 / 4, 'alone') },
  { title: 'owners by hash', ...OWNERS, ...splitOf(8, 1 / 16, 'owners') },
  { title: 'owners by hash', ...OWNERS, ...splitOf(32, 1 / 40, 'owners') },
  { title: 'owners, copies in spare', ...COPIES, ...splitOf(8, 1 / 4, 'owners') },
  { title: 'owners, copies in spare', ...COPIES, ...splitOf(4, 3 / 4, 'owners') },
  {
    title: 'stable partitions, by hash',
    ...PARTS,
    placement: 'owners',
    expected: [6.25, 43.75, 50],
  },
  {
    title: 'stable partitions, first toucher',
    ...PARTS,
    placement: 'first-toucher',
    expected: [50, 0, 50],
  },
];

export interface TimeRow {
  readonly title: string;
  readonly policy: PolicyName;
  readonly sampler: SamplerName;
  /** In percent of the compute time. */
  readonly expected: number;
}

/**
 * c = 50 %, an origin that gives half of what the job could read. Source: max(T, (1 − c)·D/B) where misses are spread
 * evenly, c·T + (1 − c)·max(T, D/B) where they come in one burst.
 */
export const TIME_ROWS: readonly TimeRow[] = [
  { title: 'hash band, new shuffle', policy: 'larder', sampler: 'shuffled', expected: 100 },
  { title: 'hash band, same order', policy: 'larder', sampler: 'repeated', expected: 100 },
  { title: 'Belady, new shuffle', policy: 'belady', sampler: 'shuffled', expected: 150 },
  { title: 'never evict, same order', policy: 'never-evict', sampler: 'repeated', expected: 150 },
];

function noCells(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined);
}

function splitOf(
  nodes: number,
  share: number,
  placement: 'alone' | 'owners',
): Pick<PlaceRow, 'nodes' | 'share' | 'expected'> {
  const peer = placement === 'alone' ? 0 : Math.min((nodes - 1) * share, 1 - share);
  const expected = [100 * share, 100 * peer, 100 * (1 - share - peer)] as const;
  return { nodes, share, expected };
}
