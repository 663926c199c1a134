/** The rows of the table: what is measured, what is wanted, whether it was reached. */
import { MIB } from '../../common/index.ts';
import { align } from '../align.ts';

export interface Row {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  /** Undefined: shown for what it tells, without a target. */
  readonly met?: boolean;
}

export function atLeast(what: string, floor: number, value: number, unit: string): Row {
  const met = value >= floor;
  return { what, target: `≥ ${whole(floor)} ${unit}`, measured: `${whole(value)} ${unit}`, met };
}

export function atMost(what: string, limit: number, value: number, unit: string): Row {
  const text = value.toFixed(limit < 10 ? 2 : 0);
  return { what, target: `≤ ${limit} ${unit}`, measured: `${text} ${unit}`, met: value <= limit };
}

export function atMostMib(what: string, limit: number, bytes: number): Row {
  return atMost(what, limit, bytes / MIB, 'MiB');
}

export function told(what: string, measured: string): Row {
  return { what, target: '', measured };
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function mebibytes(bytes: number): string {
  return `${whole(bytes / MIB)} MiB`;
}

export function renderRows(rows: readonly Row[]): string {
  const cells = rows.map(({ what, target, measured, met }) => [
    what,
    target,
    measured,
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]);
  return align([['', 'target', 'measured', ''], ...cells]);
}
