/**
 * `npm run bench`: sequential reads of one large file through Larder, rclone and s3fs, each with its
 * disk cache, from the same S3 origin in the same run.
 *
 * The rounds of the contenders take turns, each time beginning with another, so that a slow minute of the
 * machine and the state of its memory meet all of them.
 * What is not installed is left out, and said.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Disposals, formatBytes, parseSize } from '../../common/index.ts';
import { median } from '../median.ts';
import { CONTENDERS } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { ddRead, measureRound, verify } from './measure.ts';
import type { Speeds } from './measure.ts';
import { startOrigin } from './origin.ts';
import type { Origin } from './origin.ts';
import { commandLine, interrupt, isInstalled } from '../processes.ts';
import { renderTable } from './table.ts';

const HELP = `npm run bench -- [options]
  --size SIZE      of the file (1GiB)
  --rounds N       the median of N is shown (3)
  --only A,B       names that take part: rclone, s3fs, larder (all)
  --scratch DIR    on the disk that holds origin and caches (the system's temporary directory)`;

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1GiB' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    scratch: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else {
  // Go's tools are usually not on the PATH.
  const { PATH = '', HOME = '' } = process.env;
  process.env['PATH'] = [PATH, join(HOME, 'go/bin')].join(delimiter);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  await main(parseSize(values.size), Number(values.rounds), values.only).catch((error: unknown) => {
    for (const message of messagesOf(error)) console.error(message);
    process.exitCode = 1;
  });
}

async function main(sizeBytes: number, rounds: number, only: string): Promise<void> {
  const contenders = await present(only);
  if (!(await isInstalled('versitygw'))) {
    throw new Error(
      'needs versitygw: go install github.com/versity/versitygw/cmd/versitygw@latest',
    );
  }
  await using stack = new Disposals();
  const scratch = await mkdtemp(join(values.scratch, 'larder-versus-'));
  stack.defer(() => rm(scratch, { recursive: true }));

  console.log(`preparing ${formatBytes(sizeBytes)} of random bytes on an S3 origin`);
  const origin = await startOrigin(stack, scratch, sizeBytes);
  const results = contenders.map((contender) => ({ contender, rounds: [] as Speeds[] }));
  for (const { contender } of results) await verify(contender, placeOf(contender, origin, scratch));
  const native: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    native.push(await ddRead(origin.plainPath));
    for (const { contender, rounds } of rotated(results, round)) {
      const speeds = await measureRound(contender, placeOf(contender, origin, scratch));
      rounds.push(speeds);
      console.log(`round ${round}, ${contender.name}: ${inWords(speeds)}`);
    }
  }
  for (const { contender } of results) {
    const place = placeOf(contender, origin, scratch);
    console.log(`\n${contender.name}: ${commandLine(contender.mount(place))}`);
  }
  const named = results.map(({ contender: { name, peer }, rounds }) => ({ name, peer, rounds }));
  console.log(`\n${renderTable(named, median(native))}`);
}

/** Each begins a round in its turn: what one leaves behind in the machine's memory meets all of them. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

async function present(only: string): Promise<Contender[]> {
  const names = only.split(',').filter((name) => name !== '');
  const found: Contender[] = [];
  for (const contender of CONTENDERS) {
    if (names.length > 0 && !names.some((name) => contender.name.startsWith(name))) continue;
    const { program } = contender;
    const there = isAbsolute(program) ? existsSync(program) : await isInstalled(program);
    if (there) found.push(contender);
    else console.log(`left out: ${contender.name} (${program} is not there)`);
  }
  return found;
}

function placeOf(contender: Contender, origin: Origin, scratch: string) {
  return {
    origin,
    mountPoint: join(scratch, `${contender.name}-mount`),
    cacheDirectory: join(scratch, `${contender.name}-cache`),
  };
}

function inWords({ cold, warm }: Speeds): string {
  return `cold ${(cold / 1e9).toFixed(2)} GB/s, warm ${(warm / 1e9).toFixed(2)} GB/s`;
}

/** A failure first, then what failed while cleaning up after it. */
function messagesOf(error: unknown): string[] {
  if (error instanceof SuppressedError) {
    return [...messagesOf(error.suppressed), ...messagesOf(error.error)];
  }
  return [error instanceof Error ? error.message : String(error)];
}
