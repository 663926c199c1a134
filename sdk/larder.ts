/** The door to a cluster: `connect()`. */
import { Connection } from './connection.ts';
import { Datasets } from './datasets.ts';
import { openMountSource } from './mount.ts';
import type { MountSource } from './mount-source.ts';
import type { OpenMountOptions } from './mount.ts';
import type { ConnectOptions } from './options.ts';
import type { ClusterStatus } from './types.ts';
import { statusFrom } from './wire.ts';

export class Larder implements AsyncDisposable {
  readonly datasets: Datasets;
  readonly #connection: Connection;

  constructor(options: ConnectOptions) {
    this.#connection = new Connection(options);
    this.datasets = new Datasets(this.#connection);
  }

  /** @throws {LarderError} `UNAVAILABLE` */
  async status(): Promise<ClusterStatus> {
    return statusFrom(await this.#connection.master.cluster.getStatus({}));
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
