/**
 * Runs the rows of a suite with targets one after the other, and prints each with what was measured and whether
 * that is its target. A row that fails has no number, and the run ends with a failure.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { align } from './align.ts';
import { NotAvailable } from './figures.ts';
import type { Figure } from './figures.ts';

export interface TargetRow<Options> {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  readonly measure: (options: Options & Saying) => Promise<readonly Figure[]>;
}

export interface Saying {
  readonly say: (line: string) => void;
}

export interface RunOptions {
  /** Beginnings of names, with commas between them; empty: all rows. */
  readonly only: string;
  /** A file for what was measured. */
  readonly json: string | undefined;
  /** Whether a missed target is a failure of the run. */
  readonly failOnMiss: boolean;
}

interface Result {
  readonly name: string;
  readonly title: string;
  /** ISO 8601, when the row was done. */
  readonly date: string;
  readonly figures: readonly Figure[];
  readonly unavailable?: string;
  readonly failed?: string;
}

export async function runRows<Options>(
  all: readonly TargetRow<Options>[],
  options: Options,
  { only, json, failOnMiss }: RunOptions,
): Promise<void> {
  const rows = selected(all, only);
  const [load = 0] = loadavg();
  console.log(`${cpus().length} cores, load ${load.toFixed(1)} before the run\n`);
  const results: Result[] = [];
  for (const row of rows) {
    console.log(`${row.name}: ${row.title}`);
    const result = await run(row, options);
    results.push(result);
    console.log(`${render([result])}\n`);
    if (json !== undefined) {
      const written = { cores: cpus().length, loadAverage: load, rows: results };
      await writeFile(json, `${JSON.stringify(written, undefined, 2)}\n`);
    }
  }
  console.log(render(results));
  const failed = results.filter((it) => it.failed !== undefined);
  if (failed.length > 0) throw new Error(`failed: ${failed.map(({ name }) => name).join(', ')}`);
  const missed = results.filter(({ figures }) => figures.some(({ met }) => met === false));
  if (failOnMiss && missed.length > 0) {
    throw new Error(`missed a target: ${missed.map(({ name }) => name).join(', ')}`);
  }
}

export function listed<Options>({ name, title }: TargetRow<Options>): string {
  return `${name.padEnd(18)} ${title}`;
}

async function run<Options>(row: TargetRow<Options>, options: Options): Promise<Result> {
  const { name, title } = row;
  const say = (line: string) => console.log(line);
  const outcome = await row.measure({ ...options, say }).then(
    (figures) => ({ figures }),
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      return error instanceof NotAvailable
        ? { figures: [], unavailable: reason }
        : { figures: [], failed: reason };
    },
  );
  return { name, title, date: new Date().toISOString(), ...outcome };
}

function render(results: readonly Result[]): string {
  const lines = results.flatMap(({ name, figures, unavailable, failed }) => {
    if (unavailable !== undefined) return [[name, 'not available', '', '', unavailable]];
    if (failed !== undefined) return [[name, 'FAILED', '', '', failed.split('\n')[0] ?? '']];
    return figures.map(({ what, target, measured, met, bound = '' }) => [
      ...[name, what, target, measured],
      `${met === undefined ? '' : met ? 'met' : 'MISSED'}${bound === '' ? '' : `  ${bound}`}`,
    ]);
  });
  const head = ['row', '', 'target', 'measured', ''];
  return align([head, ...lines], head.length);
}

function selected<Options>(all: readonly TargetRow<Options>[], only: string): TargetRow<Options>[] {
  const wanted = only.split(',').filter((name) => name !== '');
  if (wanted.length === 0) return [...all];
  const found = all.filter(({ name }) => wanted.some((start) => name.startsWith(start)));
  if (found.length === 0) throw new Error(`no row is called ${only}; see --list`);
  return found;
}
