/**
 * The tables of docs/PERFORMANCE.md, from the rows and from what was measured.
 *
 * Always true: a table has every row of its suite, in their order; one that was not measured says so.
 * Whatever stands outside the markers is written by hand and stays.
 */
import { formatBytes } from '../../common/index.ts';
import { bestOf, formatRatio, formatValue, ratioOf, spreadOf } from '../suite/results.ts';
import type { Measured, Results, RowResult } from '../suite/results.ts';
import type { Row, Suite } from '../suite/row.ts';

const NOT_MEASURED = 'not measured';
const HEAD = ['row', 'what', 'before', 'median (min–max)', 'targets', 'bound by'];

/** Several results of one suite: of each row the last one counts. */
export function renderSuite(rows: readonly Row[], suite: Suite, all: readonly Results[]): string {
  const results = all.filter((each) => each.suite === suite);
  const found = new Map(
    results.flatMap((each) => each.rows.map((row) => [row.name, row] as const)),
  );
  const ofSuite = rows.filter((row) => row.contenders[suite] !== undefined);
  const table = tableOf([HEAD, ...ofSuite.map((row) => cellsOf(row, found.get(row.name)))]);
  return [...results.map(headOf), table].join('\n\n');
}

/** @throws when the page lacks the suite's markers */
export function splice(page: string, suite: Suite, text: string): string {
  const [begin, end] = [`<!-- bench:${suite} -->`, `<!-- /bench:${suite} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

function headOf({ machine, rounds, bigBytes, smallFiles, rows }: Results): string {
  const days = [...new Set(rows.map(({ date }) => date.slice(0, 10)))].join(', ');
  const { cores, processor, memory, kernel, node, fileSystem, programs, loadAverage } = machine;
  return [
    `Measured on ${days}, ${rounds} rounds, a file of ${formatBytes(bigBytes)}, ${smallFiles} of 100 KB:`,
    `${cores} cores (${processor}), ${memory} of memory, load ${loadAverage.toFixed(1)} before the run,`,
    `Linux ${kernel}, ${fileSystem}, Node ${node}; ${programs.join(', ')}.`,
  ].join(' ');
}

function cellsOf(row: Row, result: RowResult | undefined): string[] {
  return [
    `\`${row.name}\``,
    `${row.title} (${row.reader})`,
    row.before,
    result === undefined ? NOT_MEASURED : figuresOf(result),
    result === undefined ? '' : verdictsOf(result),
    row.bound,
  ];
}

function figuresOf(result: RowResult): string {
  return result.measured.map((measured) => figureOf(measured, result)).join('; ');
}

function figureOf(measured: Measured, { measured: all, unit }: RowResult): string {
  const spread = spreadOf(measured.samples);
  if (spread === undefined) {
    return `${measured.contender} ${measured.failed === undefined ? 'not available' : 'failed'}`;
  }
  const [middle, min, max] = [spread.median, spread.min, spread.max].map((value) =>
    formatValue(value, unit),
  );
  const native = bestOf(all, ['native'], unit);
  const ratio =
    native === undefined || measured.contender === 'native'
      ? ''
      : `, ${formatRatio(ratioOf(spread.median, native, unit))} × native`;
  return `${measured.contender} ${middle} ${unit} (${min}–${max})${ratio}`;
}

function verdictsOf({ verdicts }: RowResult): string {
  return verdicts
    .map(({ target, value = NOT_MEASURED, met }) => {
      const word = met === undefined ? '' : met ? ', met' : ', **missed**';
      return `${target}: ${value}${word}`;
    })
    .join('; ');
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
