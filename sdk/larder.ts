/** The door to a cluster: `connect()`. */
import { Connection } from './connection.ts';
import { Datasets, parseReference } from './datasets.ts';
import { openMountSource } from './mount.ts';
import type { MountSource } from './mount-source.ts';
import type { OpenMountOptions } from './mount.ts';
import { Plans } from './plans.ts';
import type { ConnectOptions } from './options.ts';
import { Preloads } from './preloads.ts';
import type { ClusterStatus, NodeScores } from './types.ts';
import { statusFrom } from './wire.ts';

export class Larder implements AsyncDisposable {
  readonly datasets: Datasets;
  readonly plans: Plans;
  readonly preloads: Preloads;
  readonly #connection: Connection;

  constructor(options: ConnectOptions) {
    this.#connection = new Connection(options);
    this.datasets = new Datasets(this.#connection);
    this.plans = new Plans(this.#connection);
    this.preloads = new Preloads(this.#connection);
  }

  /** @throws {LarderError} `UNAVAILABLE` */
  async status(): Promise<ClusterStatus> {
    return statusFrom(await this.#connection.master.cluster.getStatus({}));
  }

  /**
   * How much of a dataset each node has, for a scheduler that chooses nodes: the best first.
   *
   * @param reference `NAME` for the latest version, or `NAME@v3`
   * @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE`
   */
  async scoreNodes(reference: string): Promise<NodeScores> {
    const { name, version } = parseReference(reference);
    const { cluster } = this.#connection.master;
    const answer = await cluster.scoreNodes({ dataset: name, version });
    return {
      ...{ dataset: name, version: answer.version, bytes: answer.bytes },
      nodes: answer.nodes.map(({ node, usable, score, ...bytes }) => ({
        ...{ node, usable, score },
        heldBytes: bytes.held_bytes,
        freeBytes: bytes.free_bytes,
      })),
    };
  }

  /**
   * Has a worker own nothing new from now on, also after restarts, so that others take over what it holds:
   * `status` shows when that is done.
   *
   * @param worker a worker's id, or the name of a node: all workers there
   * @returns their ids
   * @throws {LarderError} `NOT_FOUND`; `NO_ROOM_ELSEWHERE` where no active worker would be left
   */
  async drainWorker(worker: string, options: { cancel?: boolean } = {}): Promise<string[]> {
    const { cancel = false } = options;
    const answer = await this.#connection.master.cluster.drainWorker({ worker, cancel });
    return answer.worker_ids;
  }

  /**
   * Has a worker that is away be no member any more, without waiting for the end of the grace time.
   *
   * @param worker as for `drainWorker`
   * @returns their ids
   * @throws {LarderError} `NOT_FOUND`; `INVALID_ARGUMENT` where it is alive
   */
  async forgetWorker(worker: string): Promise<string[]> {
    return (await this.#connection.master.cluster.forgetWorker({ worker })).worker_ids;
  }

  /** What a FUSE server reads from; holds a lease on the version. */
  async openMount(options: OpenMountOptions, signal: AbortSignal): Promise<MountSource> {
    return await openMountSource(this.#connection, options, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

/**
 * Connects to a cluster. Nothing is contacted before the first call.
 *
 * @throws {LarderError} `INVALID_ARGUMENT` for an address that is none
 */
export function connect(options: ConnectOptions = {}): Larder {
  return new Larder(options);
}
