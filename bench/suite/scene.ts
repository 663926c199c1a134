/**
 * Contenders that show the same data, each mounted from an empty cache of its own when it is first
 * asked for. The modes of Larder are mounts of one cluster, so that they serve the same objects.
 *
 * Always true: what a scene started it ends, and what it wrote it removes, also after a failure.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Disposals } from '../../common/index.ts';
import { Cluster } from '../cluster.ts';
import type { ClusterMount } from '../cluster.ts';
import { isInstalled, run, waitUntil } from '../processes.ts';
import { mountForeground } from './contenders/mounting.ts';
import { PEER_COMMANDS } from './contenders/peers.ts';
import { BUCKET } from './origin.ts';
import type { ContenderName } from './contender.ts';

/** A row without this contender goes on; the message is printed. */
export class NotAvailable extends Error {}

export interface SceneOptions {
  /** On the disk that is measured. */
  readonly scratch: string;
  /** Of the bucket, or a directory that Larder reads by itself. */
  readonly source: { readonly endpoint: string; readonly prefix: string } | { directory: string };
  /** The same files without any cache. */
  readonly plainDirectory: string;
  /** For Larder's processes. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A contender that shows the data. */
export interface Served {
  readonly directory: string;
  /** Takes its page cache and its look-ups away, and leaves its disk cache. */
  readonly remount: () => Promise<void>;
  /** Of the process that answers the kernel. */
  readonly serverPid?: () => number;
}

const DATASET = 'data';

/** As flags of `larder mount`. */
const LARDER_FLAGS: Readonly<Partial<Record<ContenderName, readonly string[]>>> = {
  larder: [],
  'larder passthrough': ['--open-mode=passthrough'],
  'larder none': ['--open-mode=none'],
  'larder daemon': ['--open-mode=daemon'],
  'fuse-native': ['--driver=fuse-native', '--open-mode=daemon'],
};

/** What a machine, its kernel or this Larder may lack. */
const MAY_LACK: readonly ContenderName[] = ['larder passthrough', 'larder none', 'fuse-native'];

export class Scene implements AsyncDisposable {
  readonly #options: SceneOptions;
  readonly #directory: string;
  readonly #stack = new Disposals();
  readonly #served = new Map<ContenderName, Promise<Served>>();
  readonly #warm = new Map<ContenderName, Promise<Served>>();
  #cluster: Promise<Cluster> | undefined;
  #pids: number[] = [];

  /** Nobody pays for what another has left to be written. */
  static async open(options: SceneOptions): Promise<Scene> {
    await run({ program: 'sync', args: [] });
    return new Scene(options, await mkdtemp(join(options.scratch, 'scene-')));
  }

  constructor(options: SceneOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    const retries = { maxRetries: 5, retryDelay: 200 };
    this.#stack.defer(() => rm(directory, { recursive: true, ...retries }));
  }

  /** The data of a contender, mounted from an empty cache at the first call. */
  show(contender: ContenderName): Promise<Served> {
    return remembered(this.#served, contender, () => this.#open(contender));
  }

  /** The same when its disk cache holds everything. */
  warm(contender: ContenderName): Promise<Served> {
    return remembered(this.#warm, contender, () => this.#fill(contender));
  }

  /** The one large file among the objects that Larder's worker holds whole. */
  async completeObject(sizeBytes: number): Promise<string> {
    await this.warm('larder daemon');
    const cluster = await this.#startedCluster();
    const found = cluster.completeObjects().find((path) => statSync(path).size === sizeBytes);
    if (found === undefined) throw new Error('the worker does not hold the large file whole');
    return found;
  }

  /** Processes of Larder that a profile is taken of. */
  get larderPids(): readonly number[] {
    return this.#pids;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#served.values(), this.#cluster]);
    await this.#stack[Symbol.asyncDispose]();
  }

  async #open(contender: ContenderName): Promise<Served> {
    if (contender === 'native') {
      return { directory: this.#options.plainDirectory, remount: () => Promise.resolve() };
    }
    const flags = LARDER_FLAGS[contender];
    return flags === undefined ? this.#openPeer(contender) : this.#openLarder(contender, flags);
  }

  async #openLarder(contender: ContenderName, flags: readonly string[]): Promise<Served> {
    const cluster = await this.#startedCluster();
    const mountPoint = this.#mountPointOf(contender);
    let mount: ClusterMount | undefined;
    const start = async () => {
      mount = await cluster.mount({ dataset: DATASET, mountPoint, flags });
      this.#pids.push(mount.serverPid);
    };
    const stop = async () => {
      const mounted = mount;
      mount = undefined;
      this.#pids = this.#pids.filter((pid) => pid !== mounted?.serverPid);
      await mounted?.[Symbol.asyncDispose]();
    };
    await start().catch((error: unknown) => {
      throw MAY_LACK.includes(contender) ? new NotAvailable(reasonOf(error)) : error;
    });
    this.#stack.defer(stop);
    const remount = async () => {
      await stop();
      await start();
    };
    return { directory: mountPoint, remount, serverPid: () => mount?.serverPid ?? 0 };
  }

  async #openPeer(contender: ContenderName): Promise<Served> {
    const { source } = this.#options;
    const command = PEER_COMMANDS[contender];
    if (command === undefined || !('endpoint' in source)) throw new Error(`no mount: ${contender}`);
    if (!(await isInstalled(contender))) throw new NotAvailable(`${contender} is not installed`);
    const mountPoint = this.#mountPointOf(contender);
    const cacheDirectory = join(this.#directory, `${contender}-cache`);
    const start = () =>
      mountForeground(command({ ...source, mountPoint, cacheDirectory }), mountPoint);
    let mount: AsyncDisposable | undefined = await start();
    const stop = async () => {
      const mounted = mount;
      mount = undefined;
      await mounted?.[Symbol.asyncDispose]();
    };
    this.#stack.defer(stop);
    const remount = async () => {
      await stop();
      mount = await start();
    };
    return { directory: mountPoint, remount };
  }

  #mountPointOf(contender: ContenderName): string {
    return join(this.#directory, `mount-${contender.replace(' ', '-')}`);
  }

  async #fill(contender: ContenderName): Promise<Served> {
    const served = await this.show(contender);
    if (contender === 'native') return served;
    await this.#verify(contender, served);
    if (LARDER_FLAGS[contender] !== undefined) await this.#untilComplete();
    await served.remount();
    await this.#verify(contender, served);
    await served.remount();
    return served;
  }

  /** Reads everything, untimed, and compares every byte: at first from the origin, then from the cache. */
  async #verify(contender: ContenderName, { directory }: Served): Promise<void> {
    const args = ['-r', '--brief', this.#options.plainDirectory, directory];
    await run({ program: 'diff', args }).catch((cause: unknown) => {
      throw new Error(`${contender} gave other bytes than the origin has`, { cause });
    });
  }

  async #untilComplete(): Promise<void> {
    const cluster = await this.#startedCluster();
    const files = countFiles(this.#options.plainDirectory);
    await waitUntil('objects whole on the disk', () => cluster.completeObjects().length >= files);
  }

  #startedCluster(): Promise<Cluster> {
    this.#cluster ??= this.#startCluster();
    return this.#cluster;
  }

  async #startCluster(): Promise<Cluster> {
    const { source, env } = this.#options;
    const directory = join(this.#directory, 'cluster');
    const cluster = new Cluster(env === undefined ? { directory } : { directory, env });
    this.#stack.use(cluster);
    const master = await cluster.startMaster();
    const worker = await cluster.startWorker();
    this.#pids.push(master.pid, worker.pid);
    const origin =
      'directory' in source
        ? [`file://${source.directory}`]
        : [`s3://${BUCKET}/${source.prefix}`, `endpoint=${source.endpoint}`];
    await cluster.dataset('create', DATASET, ...origin);
    return cluster;
  }
}

/** One attempt, whose failure all that ask meet. */
function remembered<K, V>(map: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function countFiles(directory: string): number {
  if (!existsSync(directory)) return 0;
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

/** What the command said, without its arguments. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^larder: (.*)$/m.exec(message)?.[1] ?? message;
}
