/**
 * What came out of a run, as it is written to JSON: samples, and what follows from them.
 *
 * Always true: a contender that could not be measured has a reason and no number.
 */
import { median } from '../median.ts';
import type { Machine } from './machine.ts';
import { isLessBetter } from './row.ts';
import type { ContenderName } from './contender.ts';
import type { Row, Suite, Target, Unit } from './row.ts';

export interface Measured {
  readonly contender: ContenderName;
  /** In the row's unit, in the order of measurement. */
  readonly samples: readonly number[];
  /** Why there are none: something that the machine or Larder lacks. */
  readonly unavailable?: string;
  /** The failure after which there are no more. */
  readonly failed?: string;
}

export interface Verdict {
  readonly target: string;
  /** In words: a ratio or a value; undefined: not measured. */
  readonly value?: string;
  readonly met?: boolean;
}

export interface RowResult {
  readonly name: string;
  /** ISO 8601, when the row was done. */
  readonly date: string;
  readonly unit: Unit;
  readonly measured: readonly Measured[];
  readonly verdicts: readonly Verdict[];
}

export interface Results {
  readonly suite: Suite;
  readonly machine: Machine;
  readonly rounds: number;
  /** The large file. */
  readonly bigBytes: number;
  /** Files of 100 KB. */
  readonly smallFiles: number;
  readonly rows: readonly RowResult[];
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(samples: readonly number[]): Spread | undefined {
  if (samples.length === 0) return undefined;
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples) };
}

/** The best median among those named; undefined: none of them was measured. */
export function bestOf(
  measured: readonly Measured[],
  names: readonly ContenderName[],
  unit: Unit,
): number | undefined {
  const medians = measured
    .filter(({ contender }) => names.includes(contender))
    .flatMap(({ samples }) => spreadOf(samples)?.median ?? []);
  if (medians.length === 0) return undefined;
  return isLessBetter(unit) ? Math.min(...medians) : Math.max(...medians);
}

/** How many times better the first is than the second. */
export function ratioOf(value: number, reference: number, unit: Unit): number {
  return isLessBetter(unit) ? reference / value : value / reference;
}

export function verdictsOf(row: Row, suite: Suite, measured: readonly Measured[]): Verdict[] {
  return row.targets
    .filter((target) => target.suite === suite)
    .map((target) => verdictOf(target, measured, row.unit));
}

export function targetText(target: Target, unit: Unit): string {
  const of = target.of.join(' or ');
  if ('limit' in target) return `${of} ${isLessBetter(unit) ? '≤' : '≥'} ${target.text}`;
  return `${of} ≥ ${target.atLeast} × ${nameOf(target.than)}`;
}

function verdictOf(target: Target, measured: readonly Measured[], unit: Unit): Verdict {
  const text = targetText(target, unit);
  const value = bestOf(measured, target.of, unit);
  if (value === undefined) return { target: text };
  if ('limit' in target) {
    const met = isLessBetter(unit) ? value <= target.limit : value >= target.limit;
    return { target: text, value: `${formatValue(value, unit)} ${unit}`, met };
  }
  const reference = bestOf(measured, target.than, unit);
  if (reference === undefined) return { target: text };
  const ratio = ratioOf(value, reference, unit);
  return { target: text, value: `${formatRatio(ratio)} ×`, met: ratio >= target.atLeast };
}

function nameOf(contenders: readonly ContenderName[]): string {
  return contenders.length > 1 ? `the best of ${contenders.join(', ')}` : (contenders[0] ?? '');
}

/** Three digits that mean something, or whole numbers with separators. */
export function formatValue(value: number, unit: Unit): string {
  if (unit === 'GB/s' || unit === '×') return value.toFixed(2);
  if (unit === 'ms') return value.toFixed(value < 10 ? 2 : 0);
  return Math.round(value).toLocaleString('en-US');
}

/** Two digits after the point, or two that are not zero. */
export function formatRatio(ratio: number): string {
  return ratio >= 0.1 || ratio === 0 ? ratio.toFixed(2) : String(Number(ratio.toPrecision(2)));
}
