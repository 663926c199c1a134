/** Runs the tables of `tables.ts` and compares: what is expected, what came out. */
import { BLOCKS, Objects } from './objects.ts';
import { POLICIES } from './policies/index.ts';
import { simulate } from './simulate.ts';
import type { SimulationOptions } from './simulate.ts';
import { CACHED_SHARES, COLUMNS, HIT_ROWS, PLACE_ROWS, TIME_ROWS } from './tables.ts';
import type { Column, HitRow, PlaceRow, TimeRow } from './tables.ts';

/** Points by which a simulated value may differ. */
export const TOLERANCE = 1;

export interface Compared {
  readonly values: readonly number[];
  readonly expected: readonly number[] | undefined;
  /** Within the tolerance; also where nothing is expected. */
  readonly isEqual: boolean;
}

export interface ComparedRow {
  readonly title: string;
  readonly cells: readonly Compared[];
}

export interface Checks {
  readonly hitRatios: readonly ComparedRow[];
  readonly places: readonly ComparedRow[];
  readonly times: readonly ComparedRow[];
  /** Cells that are off. */
  readonly off: number;
}

export interface CheckOptions {
  readonly seed: number;
  /** Of the table of hit ratios; the others are of nodes or tenths of an epoch, and have more. */
  readonly objects: number;
}

export function checkTables({ seed, objects: count }: CheckOptions): Checks {
  const few = Objects.of(count, BLOCKS, seed);
  const more = Objects.of(4 * count, BLOCKS, seed);
  const most = Objects.of(10 * count, BLOCKS, seed);
  const hitRatios = HIT_ROWS.map((row) => ({
    title: row.title,
    cells: COLUMNS.map((column, at) => hitCell({ row, column, at, objects: few, seed })),
  }));
  const places = PLACE_ROWS.map((row) => {
    const title = `${row.title}, N = ${String(row.nodes)}, s = ${percent(row.share)} %`;
    return { title, cells: [placeCell(row, more, seed)] };
  });
  const times = TIME_ROWS.map((row) => ({
    title: row.title,
    cells: [timeCell(row, most, seed)],
  }));
  const cells = [...hitRatios, ...places, ...times].flatMap((row) => row.cells);
  return { hitRatios, places, times, off: cells.filter(({ isEqual }) => !isEqual).length };
}

interface HitCell {
  readonly row: HitRow;
  readonly column: Column;
  readonly at: number;
  readonly objects: Objects;
  readonly seed: number;
}

function hitCell({ row, column, at, objects, seed }: HitCell): Compared {
  const values = CACHED_SHARES.map((share) => {
    const nodeBytes = share * objects.totalBytes;
    const policy = POLICIES[row.policy];
    const jobs = column.lags.length;
    const single = { nodes: 1, placement: 'owners', replicas: 1 } as const;
    return (
      100 * simulate({ ...column, ...single, objects, nodeBytes, policy, jobs, seed }).hitRatio
    );
  });
  return compare(values, row.cells[at]);
}

function placeCell(row: PlaceRow, objects: Objects, seed: number): Compared {
  const { nodes, share, placement, sampler, replicas } = row;
  const result = simulate({
    ...ONE_JOB,
    ...{ nodes, placement, sampler, replicas, objects, seed },
    nodeBytes: share * objects.totalBytes,
    policy: POLICIES[row.policy],
    // Each node reads 1/N of the dataset in an epoch, and is full only after several.
    warmEpochs: 12,
  });
  const values = (['local', 'peer', 'origin'] as const).map((source) => 100 * result.share(source));
  return compare(values, row.expected);
}

function timeCell(
  { policy, sampler, expected }: TimeRow,
  objects: Objects,
  seed: number,
): Compared {
  const result = simulate({
    ...ONE_JOB,
    ...{ sampler, objects, seed, nodes: 1, placement: 'owners' },
    nodeBytes: objects.totalBytes / 2,
    policy: POLICIES[policy],
  });
  const times = { computeSeconds: 100, originBytesPerSecond: objects.totalBytes / 200 };
  return compare([result.epochSeconds(times)], [expected]);
}

const ONE_JOB = {
  jobs: 1,
  replicas: 1,
  sameOrder: false,
  lags: [],
  warmEpochs: 4,
  epochs: 4,
} as const satisfies Partial<SimulationOptions>;

function compare(values: readonly number[], expected: readonly number[] | undefined): Compared {
  const isEqual = (expected ?? values).every(
    (value, at) => Math.abs(value - (values[at] ?? Infinity)) <= TOLERANCE,
  );
  return { values, expected, isEqual };
}

function percent(share: number): string {
  return (100 * share).toFixed(2).replace(/\.?0+$/, '');
}
