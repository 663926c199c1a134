/** The command line of `npm run sim`. */
import { parseArgs } from 'node:util';
import { formatBytes, KEPT_SHARE, parseSize } from '../../common/index.ts';
import { isWorkloadName, WORKLOADS } from '../../common/forecast/index.ts';
import { PLACEMENTS } from './cluster.ts';
import type { PlacementName } from './cluster.ts';
import { BLOCKS } from './objects.ts';
import type { SizeModel } from './objects.ts';
import { POLICIES } from './policies/index.ts';
import type { PolicyName } from './policies/index.ts';
import { SAMPLERS } from './samplers.ts';
import type { SamplerName } from './samplers.ts';

export interface SimOptions {
  readonly help: boolean;
  /** Without any option: the tables. */
  readonly tables: boolean;
  readonly json: boolean;
  readonly trace: string | undefined;
  readonly nodes: number;
  readonly objects: number;
  readonly sizes: SizeModel;
  /** Of each node; undefined: `cachedShare` counts. */
  readonly nodeBytes: number | undefined;
  /** Kept regions of all nodes / dataset. */
  readonly cachedShare: number;
  readonly policies: readonly PolicyName[];
  readonly placement: PlacementName;
  readonly replicas: number;
  readonly sampler: SamplerName;
  readonly lags: readonly number[];
  readonly sameOrder: boolean;
  readonly epochs: number;
  readonly warmEpochs: number;
  readonly computeSeconds: number | undefined;
  readonly originBytesPerSecond: number | undefined;
  readonly seed: number;
}

const POLICY_NAMES = Object.keys(POLICIES) as PolicyName[];

export const HELP = `npm run sim -- [options]
Without options: the tables of the policy beside what is expected; exit code 1 where one is off.
  --nodes N            (1)
  --blocks N           objects of one block (100000)
  --block-size SIZE    (4MiB)
  --workload NAME      objects are files of ${Object.keys(WORKLOADS).join(', ')}
  --files N            of the workload (as many as it usually has)
  --cached SHARE       kept regions of all nodes / dataset, 0 to 1 (0.5)
  --cache SIZE         of each node instead; ${String(100 * KEPT_SHARE)} % of it is the kept region
  --policy NAME,…      ${POLICY_NAMES.join(', ')}, or all (larder)
  --placement NAME     ${PLACEMENTS.join(', ')} (owners)
  --replicas N         copies of each object where there is room to spare (1)
  --sampler NAME       ${SAMPLERS.join(', ')} (shuffled)
  --jobs N             (1)
  --lags E,…           when each job begins, in epochs (evenly over one epoch)
  --same-order         all jobs read the same orders
  --epochs N           of each job (3)
  --warm N             of them, not counted (1)
  --compute S          seconds of an epoch in which nothing waits; with --origin-bandwidth: the epoch time
  --origin-bandwidth SIZE  a second
  --trace FILE         reads from JSON lines {"t":…,"node":…,"job":…,"block":…} instead; needs --cache
  --seed N             (1)
  --json`;

const SHAPE = {
  nodes: { type: 'string' },
  blocks: { type: 'string' },
  'block-size': { type: 'string' },
  workload: { type: 'string' },
  files: { type: 'string' },
  cached: { type: 'string' },
  cache: { type: 'string' },
  policy: { type: 'string' },
  placement: { type: 'string' },
  replicas: { type: 'string' },
  sampler: { type: 'string' },
  jobs: { type: 'string' },
  lags: { type: 'string' },
  'same-order': { type: 'boolean' },
  epochs: { type: 'string' },
  warm: { type: 'string' },
  compute: { type: 'string' },
  'origin-bandwidth': { type: 'string' },
  trace: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Those that leave it at the tables. */
const OF_TABLES = new Set(['seed', 'json', 'help']);

/** @throws {Error} naming the option, and what it accepts */
export function parseOptions(args: readonly string[]): SimOptions {
  const { values } = parseArgs({ args: [...args], options: SHAPE });
  const { cache, trace, workload } = values;
  const jobs = count(values.jobs ?? '1', '--jobs');
  const epochs = count(values.epochs ?? '3', '--epochs');
  const warmEpochs = count(values.warm ?? '1', '--warm', 0);
  if (warmEpochs >= epochs) throw new Error('--warm has to be less than --epochs');
  if (trace !== undefined && cache === undefined) throw new Error('--trace needs --cache');
  return {
    help: values.help ?? false,
    tables: Object.keys(values).every((name) => OF_TABLES.has(name)),
    json: values.json ?? false,
    trace,
    nodes: count(values.nodes ?? '1', '--nodes', 1, MOST_NODES),
    ...datasetOf({ workload, files: values.files, blocks: values.blocks }, values['block-size']),
    nodeBytes: cache === undefined ? undefined : Math.floor(parseSize(cache) * KEPT_SHARE),
    cachedShare: number(values.cached ?? '0.5', '--cached', 1),
    policies: policiesOf(values.policy ?? 'larder'),
    placement: oneOf(values.placement ?? 'owners', PLACEMENTS, '--placement'),
    replicas: count(values.replicas ?? '1', '--replicas'),
    sampler: oneOf(values.sampler ?? 'shuffled', SAMPLERS, '--sampler'),
    lags: lagsOf(values.lags, jobs),
    sameOrder: values['same-order'] ?? false,
    epochs: epochs - warmEpochs,
    warmEpochs,
    computeSeconds: optional(values.compute, (text) => number(text, '--compute')),
    originBytesPerSecond: optional(values['origin-bandwidth'], parseSize),
    seed: count(values.seed ?? '1', '--seed', 0),
  };
}

/** Nodes are kept as numbers of 16 bits. */
const MOST_NODES = 65_000;

interface DatasetFlags {
  readonly workload: string | undefined;
  readonly files: string | undefined;
  readonly blocks: string | undefined;
}

function datasetOf(
  { workload, files, blocks }: DatasetFlags,
  blockSize = formatBytes(BLOCKS.meanBytes),
): Pick<SimOptions, 'objects' | 'sizes'> {
  if (workload === undefined) {
    if (files !== undefined) throw new Error('--files needs --workload; or use --blocks');
    const meanBytes = parseSize(blockSize);
    if (meanBytes === 0) throw new Error('--block-size is above 0');
    return { objects: count(blocks ?? '100000', '--blocks'), sizes: { ...BLOCKS, meanBytes } };
  }
  if (!isWorkloadName(workload)) {
    throw new Error(`--workload is one of ${Object.keys(WORKLOADS).join(', ')}`);
  }
  const known = WORKLOADS[workload];
  return {
    objects: files === undefined ? known.files : count(files, '--files'),
    sizes: { meanBytes: known.fileBytes, deviationBytes: known.deviationBytes },
  };
}

function policiesOf(names: string): PolicyName[] {
  if (names === 'all') return POLICY_NAMES;
  return names.split(',').map((name) => oneOf(name, POLICY_NAMES, '--policy'));
}

function lagsOf(lags: string | undefined, jobs: number): number[] {
  if (lags === undefined) return Array.from({ length: jobs }, (_, job) => job / jobs);
  const named = lags.split(',').map((lag) => number(lag, '--lags'));
  if (named.length !== jobs) throw new Error('--lags has one number for each of --jobs');
  return named;
}

function oneOf<T extends string>(name: string, names: readonly T[], option: string): T {
  const found = names.find((one) => one === name);
  if (found === undefined) throw new Error(`${option} is one of ${names.join(', ')}`);
  return found;
}

function count(text: string, option: string, least = 1, most = 1e9): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${option} is a whole number from ${String(least)} to ${String(most)}`);
}

function number(text: string, option: string, most = Infinity): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value <= most) return value;
  throw new Error(`${option} is a number from 0${most === Infinity ? '' : ` to ${String(most)}`}`);
}

function optional(text: string | undefined, parse: (text: string) => number): number | undefined {
  return text === undefined ? undefined : parse(text);
}
