/**
 * `npm run bench -- cluster`: the targets of a cluster, each measured with real processes on hosts of its
 * own (network namespaces of this machine, see test/support/hosts).
 *
 * All hosts share the cores of this machine: what is bound by CPU time says so, and counts of bytes hold
 * anywhere. A row that fails has no number, and the run ends with a failure.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { HOSTS_MISSING } from '../../test/support/hosts.ts';
import { align } from '../align.ts';
import { HELP, parseOptions } from './options.ts';
import type { SuiteOptions } from './options.ts';
import { NotAvailable } from './row.ts';
import type { ClusterRow, Figure } from './row.ts';
import { CLUSTER_ROWS } from './rows/index.ts';

interface Result {
  readonly name: string;
  readonly title: string;
  /** ISO 8601, when the row was done. */
  readonly date: string;
  readonly figures: readonly Figure[];
  readonly unavailable?: string;
  readonly failed?: string;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else if (options.list) console.log(CLUSTER_ROWS.map(listed).join('\n'));
  else await benchmark(selected(options.only), options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function benchmark(rows: readonly ClusterRow[], options: SuiteOptions): Promise<void> {
  if (HOSTS_MISSING !== undefined) throw new Error(`no hosts can be had here: ${HOSTS_MISSING}`);
  const [load = 0] = loadavg();
  console.log(`${cpus().length} cores, load ${load.toFixed(1)} before the run\n`);
  const results: Result[] = [];
  for (const row of rows) {
    console.log(`${row.name}: ${row.title}`);
    const result = await run(row, options);
    results.push(result);
    console.log(`${render([result])}\n`);
    if (options.json !== undefined) {
      const all = { cores: cpus().length, loadAverage: load, rows: results };
      await writeFile(options.json, `${JSON.stringify(all, undefined, 2)}\n`);
    }
  }
  console.log(render(results));
  const failed = results.filter((result) => result.failed !== undefined);
  if (failed.length > 0) throw new Error(`failed: ${failed.map(({ name }) => name).join(', ')}`);
}

async function run(row: ClusterRow, options: SuiteOptions): Promise<Result> {
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

function selected(only: string): ClusterRow[] {
  const wanted = only.split(',').filter((name) => name !== '');
  if (wanted.length === 0) return [...CLUSTER_ROWS];
  const found = CLUSTER_ROWS.filter(({ name }) => wanted.some((start) => name.startsWith(start)));
  if (found.length === 0) throw new Error(`no row is called ${only}; see --list`);
  return found;
}

function listed({ name, title }: ClusterRow): string {
  return `${name.padEnd(18)} ${title}`;
}
