/** The result as text: for each row its contenders with median, spread and ratio, then its targets. */
import { align } from '../align.ts';
import { bestOf, formatRatio, formatValue, ratioOf, spreadOf } from './results.ts';
import type { Measured, RowResult } from './results.ts';
import type { Row } from './row.ts';

/** The first columns of `renderTargets`, which are words. */
const TARGET_TEXTS = 2;
const HEAD = ['', 'median', 'min', 'max', '', '× native'];

export function renderRow(row: Row, result: RowResult): string {
  const lines = result.measured.flatMap((measured) => cellsOf(measured, result));
  const missing = result.measured.flatMap(({ contender, unavailable, failed }) => [
    ...(unavailable === undefined ? [] : [`  ${contender} not available: ${unavailable}`]),
    ...(failed === undefined ? [] : [`  ${contender} FAILED: ${failed}`]),
  ]);
  const targets = result.verdicts.map(
    ({ target, value = 'not measured', met }) => `  ${target}: ${value}${verdictWord(met)}`,
  );
  return [
    `${row.name}: ${row.title}; ${row.before}`,
    align([HEAD, ...lines]),
    ...missing,
    ...targets,
  ].join('\n');
}

/** The last word of a run: each target once. */
export function renderTargets(results: readonly RowResult[]): string {
  const lines = results.flatMap(({ name, verdicts }) =>
    verdicts.map(({ target, value = 'not measured', met }) => [
      name,
      target,
      value,
      verdictWord(met).trim(),
    ]),
  );
  return align([['row', 'target', 'measured', ''], ...lines], TARGET_TEXTS);
}

function cellsOf(measured: Measured, { measured: all, unit }: RowResult): string[][] {
  const name = `  ${measured.contender}`;
  const spread = spreadOf(measured.samples);
  if (spread === undefined) return [];
  const native = bestOf(all, ['native'], unit);
  const ratio = native === undefined ? '–' : formatRatio(ratioOf(spread.median, native, unit));
  const cells = [
    name,
    formatValue(spread.median, unit),
    formatValue(spread.min, unit),
    formatValue(spread.max, unit),
    unit,
    ratio,
  ];
  return [cells];
}

function verdictWord(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? '  met' : '  MISSED';
}
