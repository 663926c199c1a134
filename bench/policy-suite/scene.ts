/**
 * Four workers whose kept regions together hold half of a dataset of small and middle files, and a reader on each
 * of their nodes.
 */
import { KEPT_SHARE as KEPT_REGION, KIB } from '../../common/index.ts';
import { testFiles, TestHosts, totalBytes } from '../../test/support/hosts.ts';
import type { HostClient, TestFile } from '../../test/support/hosts.ts';
import { checkRight, pause } from '../cluster-suite/reading.ts';
import { NotAvailable } from '../figures.ts';
import { dealt, parts } from './orders.ts';

/** By the SDK; or through mounts, which are new for each epoch, so that the kernel has nothing. */
export type Way = 'sdk' | 'daemon' | 'passthrough';

export interface Reading {
  readonly dataset?: string;
  /** Of each node. */
  readonly readers?: number;
  /** Of each reader, between two files. */
  readonly pauseMs?: number;
}

/** What `larder predict` says, as far as it is compared. */
export interface Forecast {
  readonly hitRatio: number;
  readonly localShare: number;
  readonly epochSeconds: number | null;
}

export interface EpochReport {
  /** Sent by the S3 server. */
  readonly originBytes: number;
  /** Of the same, in each tenth of the epoch. */
  readonly deciles: readonly number[];
  /** What readers asked for, as the workers counted it: it had to wait for the origin, came from another node. */
  readonly reads: {
    readonly bytes: number;
    readonly originBytes: number;
    readonly peerBytes: number;
  };
}

export interface SceneOptions {
  readonly datasetBytes: number;
  /** Of all kept regions together; default half of the dataset. */
  readonly keptBytes?: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the workers: LARDER_*. */
  readonly env?: Readonly<Record<string, string>>;
}

export const NODES = 4;
/** Of the dataset, what the kept regions hold. */
export const KEPT_SHARE = 0.5;
/** Of the dataset, what passes through may hold: what is fetched ahead in vain is not more. */
export const WINDOW_SHARE = (KEPT_SHARE * (1 - KEPT_REGION)) / KEPT_REGION;
/** Many, so that hashes deal them out evenly: judged against 4/√(objects per worker). */
const SMALL_BYTES = 64 * KIB;
const MIDDLE_BYTES = 256 * KIB;
const MIDDLE_SHARE = 0.25;
const DECILES = 10;
/** Hosts tell what they counted every 250 ms. */
const TOLD_AFTER_MS = 600;
/** Of each node, unless told. */
export const READERS = 4;

export class Scene implements AsyncDisposable {
  readonly hosts: TestHosts;
  readonly files: readonly TestFile[];
  readonly bytes: number;
  readonly names: readonly string[];
  readonly #readers: readonly HostClient[];

  static async start(options: SceneOptions): Promise<Scene> {
    const files = policyFiles(options.datasetBytes);
    const bytes = totalBytes(files);
    const { keptBytes = bytes * KEPT_SHARE, env = {} } = options;
    const cacheSize = String(Math.round(keptBytes / KEPT_REGION / NODES));
    const hosts = await TestHosts.start({ workers: NODES, worker: () => ({ cacheSize, env }) });
    try {
      await hosts.dataset('d', files, options.settings);
      const names = [...hosts.workers.keys()];
      const readers = await Promise.all(names.map((name) => hosts.client(name)));
      return new Scene({ hosts, files, bytes, names, readers });
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Not for callers: see the static method. */
  constructor(scene: {
    readonly hosts: TestHosts;
    readonly files: readonly TestFile[];
    readonly bytes: number;
    readonly names: readonly string[];
    readonly readers: readonly HostClient[];
  }) {
    this.hosts = scene.hosts;
    this.files = scene.files;
    this.bytes = scene.bytes;
    this.names = scene.names;
    this.#readers = scene.readers;
  }

  /** Every file once, by one of the nodes, in this order. @throws where a byte was wrong */
  async epoch(order: readonly TestFile[], way: Way = 'sdk'): Promise<EpochReport> {
    return await this.partitioned(dealt(order, NODES), { way });
  }

  /** Each node reads its own files, in this order. @throws where a byte was wrong */
  async partitioned(
    orders: readonly (readonly TestFile[])[],
    { way = 'sdk', ...how }: Reading & { readonly way?: Way } = {},
  ): Promise<EpochReport> {
    const mounts = await this.#mount(way);
    const before = await this.#counts();
    const deciles: number[] = [];
    let served = before.served;
    const tenths = orders.map((order) => parts(order, DECILES));
    for (let decile = 0; decile < DECILES; decile += 1) {
      const part = tenths.map((of) => of[decile] ?? []);
      await this.#read(part, mounts, how);
      const { bytes } = await this.hosts.served();
      deciles.push(bytes - served);
      served = bytes;
    }
    const after = await this.#counts();
    await this.#unmount(mounts);
    return {
      originBytes: after.served - before.served,
      deciles,
      reads: {
        bytes: after.bytes - before.bytes,
        originBytes: after.originBytes - before.originBytes,
        peerBytes: after.peerBytes - before.peerBytes,
      },
    };
  }

  /**
   * An epoch in steps: all nodes read a batch each, compute, and go on together, as gradients are exchanged.
   *
   * @returns how long it took, in seconds
   */
  async steps(
    orders: readonly (readonly TestFile[])[],
    { batch, computeMs = 0 }: { readonly batch: number; readonly computeMs?: number },
  ): Promise<number> {
    const since = performance.now();
    const files = Math.max(...orders.map((order) => order.length));
    for (let at = 0; at < files; at += batch) {
      const step = orders.map((order) => order.slice(at, at + batch));
      await this.#read(step, [], { readers: batch });
      if (computeMs > 0) await pause(computeMs);
    }
    return (performance.now() - since) / 1_000;
  }

  /** What readers asked for, as the workers counted it so far: a heartbeat after the last of them. */
  async reads(): Promise<EpochReport['reads']> {
    await pause(TOLD_AFTER_MS);
    return (await this.hosts.status()).reads;
  }

  /** What `larder predict` says of the dataset on this cluster. */
  async predict(...args: string[]): Promise<Forecast> {
    const where = ['--master', this.hosts.masterAddress, '--json'];
    const stdout = await this.hosts.ok('master', ['predict', 'd', ...args, ...where]);
    return (JSON.parse(stdout) as { readonly forecast: Forecast }).forecast;
  }

  /** @throws {NotAvailable} where this release has no such setting */
  async set(setting: string): Promise<void> {
    const { code, stderr } = await this.hosts.cli('master', [
      ...['dataset', 'set', 'd', setting, '--master', this.hosts.masterAddress],
    ]);
    if (code === 0) return;
    if (stderr.includes('NOT_YET_AVAILABLE'))
      throw new NotAvailable(`this release has no ${setting}`);
    throw new Error(stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hosts[Symbol.asyncDispose]();
  }

  async #read(
    orders: readonly (readonly TestFile[])[],
    mounts: readonly string[],
    { dataset = 'd', ...how }: Reading = {},
  ): Promise<void> {
    const reports = await Promise.all(
      this.#readers.map((reader, node) => {
        const mountpoint = mounts[node];
        const plan = { files: orders[node] ?? [], readers: READERS, ...how };
        return mountpoint === undefined
          ? reader.read({ ...plan, dataset })
          : reader.readMount({ ...plan, dataset: mountpoint });
      }),
    );
    checkRight(reports);
  }

  async #mount(way: Way): Promise<string[]> {
    if (way === 'sdk') return [];
    const mounting = this.names.map((name) => this.hosts.mount(name, 'd', '--open-mode', way));
    return await Promise.all(mounting);
  }

  async #unmount(mounts: readonly string[]): Promise<void> {
    const unmounting = mounts.map((mountpoint, node) =>
      this.hosts.unmount(this.names[node] ?? '', mountpoint),
    );
    await Promise.all(unmounting);
  }

  async #counts() {
    const [{ bytes: served }, reads] = await Promise.all([this.hosts.served(), this.reads()]);
    return { served, ...reads };
  }
}

export function policyFiles(datasetBytes: number): TestFile[] {
  const middle = Math.ceil((datasetBytes * MIDDLE_SHARE) / MIDDLE_BYTES);
  const small = Math.ceil((datasetBytes * (1 - MIDDLE_SHARE)) / SMALL_BYTES);
  return [
    ...testFiles(small, SMALL_BYTES - 7, 'small'),
    ...testFiles(middle, MIDDLE_BYTES - 7, 'middle'),
  ];
}
