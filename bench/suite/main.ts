/**
 * `npm run bench` and `npm run bench -- peers`: Larder against the native file system and plain
 * programs, and against other mounts; row by row, each with its target where it has one.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Disposals, formatBytes } from '../../common/index.ts';
import { unwindOnSignals } from '../processes.ts';
import { Bench } from './bench.ts';
import { describeMachine } from './machine.ts';
import { HELP, parseOptions } from './options.ts';
import type { SuiteOptions } from './options.ts';
import { Profiler } from './profiler.ts';
import type { Results, RowResult } from './results.ts';
import type { Row, Suite } from './row.ts';
import { ROWS } from './rows/index.ts';
import { runRow } from './runner.ts';
import { selectRows } from './select.ts';
import { renderRow, renderTargets } from './table.ts';

const MINUTE_MS = 60_000;
const REMOVE = { recursive: true, maxRetries: 5, retryDelay: 200 } as const;

/** Runs it as a command: failures go to stderr, and make the exit code 1. */
export async function main(suite: Suite): Promise<void> {
  try {
    const options = parseOptions(process.argv.slice(2));
    const rows = selectRows(ROWS, suite, options.profile ?? options.only);
    if (options.help) console.log(HELP);
    else if (options.list) console.log(rows.map((row) => listed(row, suite)).join('\n'));
    else await benchmark(suite, rows, options);
  } catch (error) {
    for (const message of messagesOf(error)) console.error(message);
    process.exitCode = 1;
  }
}

async function benchmark(suite: Suite, rows: readonly Row[], options: SuiteOptions): Promise<void> {
  // Go's tools are usually not on the PATH.
  const { PATH = '', HOME = '' } = process.env;
  process.env['PATH'] = [PATH, join(HOME, 'go/bin')].join(delimiter);
  unwindOnSignals();
  await using stack = new Disposals();
  const { profile, profileDirectory, bigBytes, smallFiles, rounds } = options;
  const profiler = profile === undefined ? undefined : new Profiler(profileDirectory, profile);
  if (profiler !== undefined) stack.defer(() => profiler.collect());
  const scratch = await mkdtemp(join(options.scratch, 'larder-bench-'));
  stack.defer(() => rm(scratch, REMOVE));
  const machine = await describeMachine(scratch);
  const bench = stack.use(new Bench({ scratch, bigBytes, smallFiles, profiler }));
  const { cores, processor, memory, kernel, fileSystem } = machine;
  console.log(
    `${cores} cores, ${processor}, ${memory}, Linux ${kernel}, ${fileSystem}; ` +
      `a file of ${formatBytes(bigBytes)}, ${smallFiles} files of 100 KB\n`,
  );
  const results: RowResult[] = [];
  const late = performance.now() + options.minutes * MINUTE_MS;
  for (const row of rows) {
    const left = performance.now() > late ? { ...row, samples: 'once' as const } : row;
    const result = await runRow(bench, left, { suite, rounds, say: (line) => console.log(line) });
    results.push(result);
    console.log(`\n${renderRow(row, result)}\n`);
    if (options.json !== undefined) {
      const all: Results = { suite, machine, rounds, bigBytes, smallFiles, rows: results };
      await writeFile(options.json, `${JSON.stringify(all, undefined, 2)}\n`);
    }
  }
  console.log(renderTargets(results));
  throwIfFailed(results);
}

function throwIfFailed(results: readonly RowResult[]): void {
  const failures = results.flatMap(({ name, measured }) =>
    measured.flatMap(({ contender, failed }) =>
      failed === undefined ? [] : `${contender} in ${name}`,
    ),
  );
  if (failures.length > 0) throw new Error(`failed: ${failures.join(', ')}`);
}

function listed(row: Row, suite: Suite): string {
  return `${row.name.padEnd(24)} ${row.title}: ${(row.contenders[suite] ?? []).join(', ')}`;
}

/** A failure first, then what failed while cleaning up after it. */
function messagesOf(error: unknown): string[] {
  if (error instanceof SuppressedError) {
    return [...messagesOf(error.suppressed), ...messagesOf(error.error)];
  }
  return [error instanceof Error ? error.message : String(error)];
}
