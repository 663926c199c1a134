/** `larder predict`: what a cache will do for a dataset, before any job starts. */
import { EXIT, formatBytes, KEPT_SHARE, LarderError, MIB, parseSize } from '../../common/index.ts';
import {
  cacheCurve,
  fittingCacheBytes,
  forecast,
  isWorkloadName,
  squaredBytesOf,
  WORKLOADS,
} from '../../common/forecast/index.ts';
import type { Replicas } from '../../common/index.ts';
import type {
  CurvePoint,
  Forecast,
  ForecastDataset,
  ForecastOptions,
  ReadOrder,
} from '../../common/forecast/index.ts';
import { connect } from '../../sdk/index.ts';
import type { Larder } from '../../sdk/index.ts';
import { createContext } from '../context.ts';
import { isSet, masterAddress, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { table } from '../output.ts';

/** Of a dataset of which only the size is known. */
const USUAL_FILE_BYTES = 4 * MIB;
const ACCELERATORS_PER_NODE = 8;
const MOST_NODES = 10_000;
/** What look-ahead is computed with takes some milliseconds for each. */
const MOST_JOBS = 64;

interface Subject {
  /** `imagenet@v3`, or what is said of one that does not exist. */
  readonly name: string;
  readonly dataset: ForecastDataset;
  /** As its setting says. */
  readonly replicas: Replicas;
}

export async function predict([reference]: string[], flags: Flags): Promise<number> {
  const { output, environment } = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  await using larder = connect({ master: masterAddress(flags, environment), client: 'cli' });
  const subject =
    reference === undefined ? imaginedSubject(flags) : await realSubject(larder, reference, flags);
  if (subject.dataset.totalBytes === 0) {
    throw invalid({ dataset: subject.name, expected: 'a dataset that has bytes' });
  }
  const cacheBytes = await cachesOf(larder, flags);
  const replicas = replicasOf(flags, subject.replicas);
  const options = optionsOf(flags, { ...subject, replicas }, cacheBytes);
  const result = forecast(options);
  const curve = cacheCurve(options);
  const fitting = fittingCacheBytes(subject.dataset.totalBytes, cacheBytes.length);
  const json = { ...subject, replicas, cacheBytes, jobs: options.jobs, order: options.order };
  output.result(
    {
      ...json,
      plansKnown: options.arePlansKnown,
      forecast: result,
      curve,
      fittingCacheBytes: fitting,
    },
    [describe(subject, options), render(result, options), renderCurve(curve), fits(fitting)].join(
      '\n\n',
    ),
  );
  return EXIT.ok;
}

/** @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE` */
async function realSubject(larder: Larder, reference: string, flags: Flags): Promise<Subject> {
  for (const option of ['size', 'files']) {
    if (text(flags, option) === undefined) continue;
    const expected = 'no --size and no --files: the dataset has its own';
    throw invalid({ dataset: reference, expected });
  }
  await using dataset = await larder.datasets.get(reference);
  const { info, version } = dataset;
  const squaredBytes = squaredBytesOf(await dataset.bandBytes(), version.files);
  return {
    name: `${info.name}@v${String(version.number)}`,
    dataset: { totalBytes: version.bytes, files: version.files, squaredBytes },
    replicas: info.settings.replicas,
  };
}

function imaginedSubject(flags: Flags): Subject {
  const name = text(flags, 'workload');
  const size = text(flags, 'size');
  const named = count(flags, 'files');
  if (name !== undefined && isWorkloadName(name) && size === undefined) {
    const { fileBytes, deviationBytes, files: usual } = WORKLOADS[name];
    const files = named ?? usual;
    const squaredBytes = files * (fileBytes ** 2 + deviationBytes ** 2);
    const dataset = { totalBytes: files * fileBytes, files };
    return {
      name: `A dataset like ${name}`,
      dataset: deviationBytes === 0 ? dataset : { ...dataset, squaredBytes },
      replicas: 1,
    };
  }
  if (size === undefined) {
    throw invalid({ expected: 'the name of a dataset, or --size (and --files) of one to come' });
  }
  const totalBytes = parseSize(size);
  const files = named ?? Math.max(1, Math.round(totalBytes / USUAL_FILE_BYTES));
  return { name: 'A dataset to come', dataset: { totalBytes, files }, replicas: 1 };
}

/**
 * The caches of the cluster's workers, or what the flags say instead: the cluster is asked only for what they leave
 * open.
 *
 * @throws {LarderError} `NO_WORKER` where it has none; `UNAVAILABLE`
 */
async function cachesOf(larder: Larder, flags: Flags): Promise<number[]> {
  const nodes = count(flags, 'nodes', MOST_NODES);
  const cache = text(flags, 'cache');
  const named = cache === undefined ? undefined : parseSize(cache);
  if (nodes !== undefined && named !== undefined) return Array<number>(nodes).fill(named);
  const { workers } = await larder.status();
  const capacities = workers
    .filter(({ state }) => state !== 'leaving')
    .map(({ capacityBytes }) => capacityBytes);
  if (capacities.length === 0) {
    const what = 'whose cache could be counted: name --nodes and --cache';
    throw new LarderError('NO_WORKER', { what });
  }
  if (nodes === undefined && named === undefined) return capacities;
  const mean = capacities.reduce((sum, bytes) => sum + bytes, 0) / capacities.length;
  return Array<number>(nodes ?? capacities.length).fill(Math.round(named ?? mean));
}

function optionsOf(
  flags: Flags,
  { dataset, replicas }: Subject,
  cacheBytes: readonly number[],
): ForecastOptions {
  const bandwidth = text(flags, 'originBandwidth')?.replace(/\/s$/, '');
  const originBytesPerSecond = bandwidth === undefined ? undefined : parseSize(bandwidth);
  if (originBytesPerSecond === 0)
    throw invalid({ option: '--origin-bandwidth', expected: 'above 0' });
  return {
    dataset,
    cacheBytes,
    replicas: replicas === 'all' ? cacheBytes.length : replicas,
    jobs: count(flags, 'jobs', MOST_JOBS) ?? 1,
    order: orderOf(text(flags, 'order')),
    arePlansKnown: isSet(flags, 'plans'),
    computeSeconds: computeSeconds(flags, dataset, cacheBytes.length),
    originBytesPerSecond,
  };
}

function computeSeconds(
  flags: Flags,
  { totalBytes }: ForecastDataset,
  nodes: number,
): number | undefined {
  const seconds = text(flags, 'compute');
  const name = text(flags, 'workload');
  if (seconds !== undefined) {
    if (name !== undefined) throw invalid({ expected: '--compute or --workload, not both' });
    if (/^\d*\.?\d+$/.test(seconds) && Number(seconds) > 0) return Number(seconds);
    throw invalid({ compute: seconds, expected: '--compute with seconds above 0' });
  }
  if (name === undefined || !isWorkloadName(name)) return undefined;
  const accelerators = count(flags, 'accelerators') ?? ACCELERATORS_PER_NODE * nodes;
  return totalBytes / (accelerators * WORKLOADS[name].bytesPerSecond);
}

/** The command line has checked it. */
function orderOf(order: string | undefined): ReadOrder {
  return order === 'repeated' || order === 'partitioned' ? order : 'shuffled';
}

/** What the flag says, or else the dataset's setting. */
function replicasOf(flags: Flags, setting: Replicas): Replicas {
  if (text(flags, 'replicas') === 'all') return 'all';
  return count(flags, 'replicas') ?? setting;
}

/** @throws {LarderError} `INVALID_ARGUMENT` */
function count(flags: Flags, name: string, most = 1e12): number | undefined {
  const value = text(flags, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= most) return number;
  throw invalid({
    [name]: value,
    expected: `--${name} with a whole number from 1 to ${String(most)}`,
  });
}

function invalid(facts: Readonly<Record<string, string>>): LarderError {
  return new LarderError('INVALID_ARGUMENT', facts);
}

function describe({ name, dataset }: Subject, options: ForecastOptions): string {
  const { cacheBytes, jobs, order, arePlansKnown } = options;
  const all = cacheBytes.reduce((sum, bytes) => sum + bytes, 0);
  const plans = arePlansKnown ? ', plans known' : '';
  return (
    `${name}: ${String(dataset.files)} files, ${formatBytes(dataset.totalBytes)}.\n` +
    `${plural(cacheBytes.length, 'worker')} with ${formatBytes(all)} of cache in all, of which ` +
    `${formatBytes(Math.floor(KEPT_SHARE * all))} keep; ${plural(jobs, 'job')}, ${order}${plans}.`
  );
}

function render(result: Forecast, options: ForecastOptions): string {
  const lines = [
    `hit ratio     ${percent(result.hitRatio)}: ${percent(result.localShare)} on the reader's node, ` +
      `${percent(result.peerShare)} from other nodes`,
    `origin        ${percent(result.originShare)}: ${formatBytes(Math.round(result.originBytesPerEpoch))} in ` +
      `an epoch of ${options.jobs === 1 ? 'the job' : 'all jobs'}; ` +
      `${formatBytes(Math.round(result.firstEpochOriginBytes))} in the first`,
  ];
  const { epochSeconds, firstEpochSeconds, boundBy } = result;
  if (epochSeconds === null || firstEpochSeconds === null || boundBy === null) {
    lines.push('epoch time    with --compute or --workload, and --origin-bandwidth');
  } else {
    const waits = boundBy === 'compute' ? 'nothing waits' : 'the job waits for the origin';
    lines.push(
      `epoch time    ${seconds(epochSeconds)}: ${waits}; the first ${seconds(firstEpochSeconds)}`,
    );
  }
  return lines.join('\n');
}

function renderCurve(curve: readonly CurvePoint[]): string {
  return table(
    ['CACHE OF A NODE', 'HITS', 'LOCAL', 'PEER', 'ORIGIN', 'FROM THE ORIGIN', 'EPOCH'],
    curve.map((point) => [
      formatBytes(point.nodeCacheBytes),
      percent(point.hitRatio),
      percent(point.localShare),
      percent(point.peerShare),
      percent(point.originShare),
      formatBytes(Math.round(point.originBytesPerEpoch)),
      point.epochSeconds === null ? '–' : seconds(point.epochSeconds),
    ]),
  );
}

function fits(nodeBytes: number): string {
  return `Everything fits from ${formatBytes(nodeBytes)} a node on.`;
}

function plural(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : String(Math.round(value))} s`;
}
