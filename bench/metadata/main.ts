/**
 * `npm run bench -- metadata`: what a million keys cost, through the processes that a user runs: a
 * master, a worker and a mount of the built command line.
 *
 * The origin is synthetic: a process that computes a listing (`origin/main.ts`); what it costs is
 * shown. It runs on the same cores, so the speeds are lower bounds. Memory is that of the processes
 * as /proc shows it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Disposals } from '../../common/index.ts';
import { unwindOnSignals } from '../processes.ts';
import { Cluster } from '../cluster.ts';
import { measureListing } from './listing.ts';
import { Origin } from './origin.ts';
import { renderRows, whole } from './rows.ts';
import type { Row } from './rows.ts';
import { measureWalks } from './walks.ts';
import { measureStart } from './worker-start.ts';

const HELP = `npm run bench -- metadata [options]
  --keys N         files of the dataset (1000000; the targets hold for 10000000 too)
  --rounds N       of create and refresh; ratios are their median (3)
  --latency MS     the origin answers each page so much later (0)
  --only A,B       parts: listing, walks, start (all; a listing comes first in any case)
  --scratch DIR    for catalog, cache and mount (the system's temporary directory)`;

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    latency: { type: 'string', default: '0' },
    only: { type: 'string', default: 'listing,walks,start' },
    scratch: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else {
  unwindOnSignals();
  await main(values.only.split(',')).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

async function main(parts: readonly string[]): Promise<void> {
  const keys = wholeNumber('keys', 100_000_000);
  const rounds = wholeNumber('rounds', 100);
  const latencyMs = Number(values.latency);
  await using stack = new Disposals();
  const scratch = await mkdtemp(join(values.scratch, 'larder-metadata-'));
  stack.defer(() => rm(scratch, { recursive: true, maxRetries: 5, retryDelay: 200 }));
  const origin = stack.use(await Origin.start(keys));
  const cluster = stack.use(new Cluster({ directory: scratch }));
  const setting = { cluster, origin, keys, rounds };
  await origin.set({ latencyMs });
  console.log(`\n${whole(keys)} keys, ${latencyMs} ms per page`);
  // As they come: at ten million keys a part takes many minutes.
  show(await measureListing(setting));
  if (parts.includes('walks')) show(await measureWalks(setting));
  if (parts.includes('start')) show(await measureStart(setting));
}

function show(rows: readonly Row[]): void {
  console.log(renderRows(rows));
}

function wholeNumber(option: 'keys' | 'rounds', max: number): number {
  const value = Number(values[option]);
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`--${option} is a whole number from 1 to ${whole(max)}`);
}
