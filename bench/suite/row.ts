/**
 * What a row of the benchmark is: one way of reading, done by several contenders in one run.
 *
 * A row is data but for `sample`, which measures one contender once, out of the building blocks of
 * `scene.ts` and `readers/`. The table, the targets and docs/PERFORMANCE.md follow from the rest.
 */
import type { Bench } from './bench.ts';
import type { ContenderName } from './contender.ts';

/** `own`: against the native file system and plain programs; `peers`: against other mounts. */
export type Suite = 'own' | 'peers';

export type Unit = 'GB/s' | 'files/s' | 'reads/s' | 'entries/s' | 'ms' | 'MiB' | '×';

/** A ratio of medians of one run; where several contenders are named, the best of them counts. */
export interface RatioTarget {
  readonly suite: Suite;
  readonly of: readonly ContenderName[];
  readonly than: readonly ContenderName[];
  readonly atLeast: number;
}

/** A median in the row's unit. */
export interface ValueTarget {
  readonly suite: Suite;
  readonly of: readonly ContenderName[];
  readonly limit: number;
  /** The limit in words, for example `300 MiB`. */
  readonly text: string;
}

export type Target = RatioTarget | ValueTarget;

export interface Row {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  /** Who takes part, in the order of the columns. */
  readonly contenders: Readonly<Partial<Record<Suite, readonly ContenderName[]>>>;
  /** What is dropped, or not there yet, when a sample begins. */
  readonly before: string;
  /** The program that reads. */
  readonly reader: string;
  /** `once`; `few`: one in a round; `many`: two in a round against native, for what takes a moment. */
  readonly samples: 'once' | 'few' | 'many';
  readonly targets: readonly Target[];
  /** What bounds it, from profiles: one sentence, empty until somebody looked. */
  readonly bound: string;
  readonly sample: (bench: Bench, contender: ContenderName) => Promise<number>;
}

/** Ratios near one need more samples than those between mounts. */
const MANY = { own: 2, peers: 1 };

export function samplesOf(row: Row, suite: Suite, rounds: number): number {
  return { once: 1, few: rounds, many: rounds * MANY[suite] }[row.samples];
}

/** Less is better of a time or of memory. */
export function isLessBetter(unit: Unit): boolean {
  return unit === 'ms' || unit === 'MiB' || unit === '×';
}
