/**
 * What `larder up` runs: a master, a worker, a dataset, a mount. Starts them in this order, keeps them
 * up, ends them in the other order.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Disposals, EXIT, hasCode, LarderError } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type { BuildOptions, BuildResult, Larder, VersionInfo } from '../../sdk/index.ts';
import type { Context } from '../context.ts';
import type { MountFlags } from '../flags.ts';
import type { Output } from '../output.ts';
import { makeDirectory } from '../directories.ts';
import { registerInstance } from '../instances.ts';
import { endMount, mountProcesses, startMount } from '../mounting.ts';
import { progressBar } from '../progress.ts';
import { stopMount } from './stop-mount.ts';
import { Supervised } from './supervised.ts';

export interface StackOptions {
  /** As a URL. */
  readonly origin: string;
  readonly endpoint: string;
  readonly name: string;
  readonly mountpoint: string;
  readonly how: MountFlags;
  /** Where the master's data and the worker's cache lie. */
  readonly home: string;
  /** As on the command line. */
  readonly cacheSize?: string;
  readonly socket: string;
  readonly group: string;
}

export interface StackReady {
  readonly dataset: string;
  readonly version: number;
  readonly master: string;
  readonly mountpoint: string;
  /** What the origin has and the version does not show. */
  readonly skipped: number;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 8_000;

/** @returns the exit code, when everything has ended */
export async function runStack(
  context: Context,
  options: StackOptions,
  onReady: (ready: StackReady) => void,
): Promise<number> {
  const { home, origin, mountpoint, group, socket } = options;
  makeDirectory(path.join(home, 'master'), 'CACHE_DIR_UNUSABLE');
  makeDirectory(path.dirname(socket), 'CACHE_DIR_UNUSABLE');
  const instance = registerInstance({ role: 'up', group, origin, mountpoint });
  await using running = new Disposals();
  running.defer(() => {
    instance.remove();
    fs.rmSync(path.dirname(socket), { recursive: true, force: true });
  });

  const master = await startMasterProcess(context, options);
  running.defer(() => master.stop(STOP_TIMEOUT_MS));
  const address = String(master.details['address']);
  instance.update({ master: address });
  const worker = await startWorkerProcess(context, options, address);
  running.defer(() => worker.stop(STOP_TIMEOUT_MS));

  const { number: version, skipped } = await prepareDataset(context, options, address);
  const request = {
    mountpoint,
    dataset: options.name,
    version,
    master: address,
    workerSocket: socket,
    group,
    how: options.how,
  };
  const mount = async () => {
    const holder = await startMount(request, context.environment);
    holder.process.disconnect();
    holder.process.unref();
  };
  if (context.signal.aborted) return EXIT.interrupted;
  running.defer(() => endQuietly(mountpoint, { lazy: true }));
  await mount();
  onReady({ dataset: options.name, version, master: address, mountpoint, skipped });
  await stopMount(
    context,
    mountpoint,
    (how) => endQuietly(mountpoint, how),
    async () => {
      if (mountProcesses(mountpoint).length > 0) return;
      // Holder and server died together: nothing answers, so the mount is made anew.
      context.log.warn({ mountpoint }, 'the mount lost both of its processes; mounting again');
      try {
        await endQuietly(mountpoint, { lazy: true });
        await mount();
      } catch (error) {
        context.log.error({ err: error }, 'mounting again failed; trying again');
      }
    },
  );
  return EXIT.ok;
}

function startMasterProcess({ log }: Context, { home, group }: StackOptions): Promise<Supervised> {
  return Supervised.start({
    role: 'master',
    args: (known) => [
      'master',
      '--listen',
      known === undefined ? '127.0.0.1:0' : String(known['address']),
      '--data-dir',
      path.join(home, 'master'),
    ],
    env: { LARDER_GROUP: group },
    readyTimeoutMs: START_TIMEOUT_MS,
    log,
  });
}

function startWorkerProcess(
  { log }: Context,
  { home, group, socket, cacheSize }: StackOptions,
  master: string,
): Promise<Supervised> {
  const size = cacheSize === undefined ? [] : ['--cache-size', cacheSize];
  return Supervised.start({
    role: 'worker',
    args: (known) => [
      'worker',
      ...['--master', master, '--socket', socket, ...size],
      ...['--cache-dir', path.join(home, 'worker')],
      ...['--listen', known === undefined ? '127.0.0.1:0' : String(known['dataAddress'])],
    ],
    env: { LARDER_GROUP: group },
    readyTimeoutMs: START_TIMEOUT_MS,
    log,
  });
}

/** @returns the version to mount: new where the origin has changed since the last time */
async function prepareDataset(
  context: Context,
  options: StackOptions,
  master: string,
): Promise<VersionInfo> {
  const { output, environment, signal } = context;
  await using larder = connect({ master, client: 'up' });
  const bar = progressBar(output, environment, 'Listing', 'keys');
  try {
    const { version } = await createOrRefresh(larder, options, output, {
      signal,
      onProgress: ({ keysListed }) => {
        bar.update(keysListed, 0);
      },
    });
    return version;
  } finally {
    bar.stop();
  }
}

async function createOrRefresh(
  larder: Larder,
  { name, origin, endpoint }: StackOptions,
  output: Output,
  how: BuildOptions,
): Promise<Pick<BuildResult, 'version'>> {
  const known = (await larder.datasets.list()).find((dataset) => dataset.name === name);
  if (known === undefined) {
    return await larder.datasets.create(name, origin, { ...how, settings: { endpoint } });
  }
  if (known.origin !== origin || known.settings.endpoint !== endpoint) {
    throw new LarderError('ALREADY_EXISTS', { dataset: name, origin: known.origin });
  }
  try {
    return await larder.datasets.refresh(name, how);
  } catch (error) {
    if (!hasCode(error, 'ORIGIN_UNREACHABLE')) throw error;
    output.note(
      `larder: the origin cannot be reached; mounting v${String(known.latest.number)} as it was.`,
    );
    return { version: known.latest };
  }
}

async function endQuietly(mountpoint: string, options: { lazy?: boolean }): Promise<void> {
  try {
    await endMount(mountpoint, options);
  } catch (error) {
    if (!hasCode(error, 'NOT_MOUNTED')) throw error;
  }
}
