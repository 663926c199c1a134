/**
 * `npm run bench` and `npm run bench -- peers`: Larder against the native file system and plain
 * programs, and against other mounts; row by row, each with its target where it has one.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Disposals, formatBytes, parseSize } from '../../common/index.ts';
import { interrupt } from '../processes.ts';
import { Bench } from './bench.ts';
import { describeMachine } from './machine.ts';
import { Profiler } from './profiler.ts';
import type { Results, RowResult } from './results.ts';
import type { Row, Suite } from './row.ts';
import { ROWS } from './rows/index.ts';
import { runRow } from './runner.ts';
import { selectRows } from './select.ts';
import { renderRow, renderTargets } from './table.ts';

const HELP = `npm run bench -- [peers] [options]
  --list           the rows, with their targets
  --only ROW,…     rows by name, or by how their names begin: cold, warm-files (all)
  --rounds N       samples of a row; three times as many of the short ones (3)
  --size SIZE      of the large file (1GiB)
  --files N        of 100 KB (4000)
  --scratch DIR    on the disk that holds origin and caches (the system's temporary directory)
  --json FILE      the samples; \`npm run bench -- page FILE …\` brings them into docs/PERFORMANCE.md
  --profile ROW    that row alone, once, with CPU profiles of Larder's processes
  --profile-dir DIR  for those (bench-profiles)`;

/** Two cores run origin, Larder and readers: what a Ctrl-C waits for at most. */
const REMOVE = { recursive: true, maxRetries: 5, retryDelay: 200 } as const;

export async function benchmark(suite: Suite): Promise<void> {
  const options = {
    list: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    size: { type: 'string', default: '1GiB' },
    files: { type: 'string', default: '4000' },
    scratch: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
    profile: { type: 'string' },
    'profile-dir': { type: 'string', default: 'bench-profiles' },
    help: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) return console.log(HELP);
  const rows = selectRows(ROWS, suite, values.profile ?? values.only);
  if (values.list) return console.log(rows.map((row) => listed(row, suite)).join('\n'));
  // Go's tools are usually not on the PATH.
  const { PATH = '', HOME = '' } = process.env;
  process.env['PATH'] = [PATH, join(HOME, 'go/bin')].join(delimiter);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);

  await using stack = new Disposals();
  const profiler =
    values.profile === undefined ? undefined : new Profiler(values['profile-dir'], values.profile);
  if (profiler !== undefined) stack.defer(() => profiler.collect());
  const scratch = await mkdtemp(join(values.scratch, 'larder-bench-'));
  stack.defer(() => rm(scratch, REMOVE));
  const rounds = profiler === undefined ? wholeNumber(values.rounds, '--rounds') : 1;
  const machine = await describeMachine(scratch);
  const bench = stack.use(
    new Bench({
      scratch,
      bigBytes: parseSize(values.size),
      smallFiles: wholeNumber(values.files, '--files'),
      ...(profiler === undefined ? {} : { profiler }),
    }),
  );
  console.log(
    `${machine.cores} cores, ${machine.processor}, ${machine.memory}, Linux ${machine.kernel}, ` +
      `${machine.fileSystem}; a file of ${formatBytes(bench.options.bigBytes)}, ` +
      `${bench.options.smallFiles} files of 100 KB`,
  );
  const results: RowResult[] = [];
  const say = (line: string) => console.log(line);
  for (const row of rows) {
    const result = await runRow(bench, row, { suite, rounds, say });
    results.push(result);
    console.log(`\n${renderRow(row, result)}\n`);
    if (values.json !== undefined) {
      const all: Results = { suite, machine, rounds, rows: results };
      await writeFile(values.json, `${JSON.stringify(all, undefined, 2)}\n`);
    }
  }
  console.log(renderTargets(results));
  const failures = results.flatMap(({ name, measured }) =>
    measured
      .filter(({ failed }) => failed !== undefined)
      .map(({ contender }) => ({ name, contender })),
  );
  if (failures.length > 0) {
    const places = failures.map(({ name, contender }) => `${contender} in ${name}`);
    throw new Error(`failed: ${places.join(', ')}`);
  }
}

/** Runs it as a command: failures go to stderr, and make the exit code 1. */
export async function main(suite: Suite): Promise<void> {
  await benchmark(suite).catch((error: unknown) => {
    for (const message of messagesOf(error)) console.error(message);
    process.exitCode = 1;
  });
}

function listed(row: Row, suite: Suite): string {
  return `${row.name.padEnd(24)} ${row.title}: ${(row.contenders[suite] ?? []).join(', ')}`;
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${option} is a whole number from 1`);
}

/** A failure first, then what failed while cleaning up after it. */
function messagesOf(error: unknown): string[] {
  if (error instanceof SuppressedError) {
    return [...messagesOf(error.suppressed), ...messagesOf(error.error)];
  }
  return [error instanceof Error ? error.message : String(error)];
}
