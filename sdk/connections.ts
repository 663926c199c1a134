/**
 * Connections to workers' data planes, and what their other ends tell: what was evicted, and that they are
 * gone. One that hung is avoided for a while: see `Links`.
 */
import { Links } from '../rpc/data/index.ts';
import type { DataAddress, DataClient } from '../rpc/data/index.ts';
import type { ConnectConfig } from './options.ts';

export class Connections implements AsyncDisposable {
  readonly #links: Links;
  #onEvicted: (objectId: string) => void = () => undefined;
  #onDisksChanged: () => void = () => undefined;
  #onDisconnected: () => void = () => undefined;
  #onConnected: (client: DataClient) => void = () => undefined;

  /** @param worker the one on this node, where one is known by now */
  constructor(
    { clock, client, hangTimeoutMs, hangRestMs }: ConnectConfig,
    worker: () => string | undefined = () => undefined,
  ) {
    this.#links = new Links({
      ...{ clock, client, worker },
      silenceMs: hangTimeoutMs,
      restMs: hangRestMs,
      onConnected: (connection, address) => {
        connection.onEvicted((objectId) => {
          this.#onEvicted(objectId);
        });
        connection.onDisksChanged(() => {
          if (address.kind === 'unix') this.#onDisksChanged();
        });
        this.#onConnected(connection);
      },
      onClosed: (address) => {
        if (address.kind === 'unix') this.#onDisconnected();
      },
    });
  }

  /** @throws {LarderError} `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `PROTOCOL_MISMATCH` */
  get(address: DataAddress): Promise<DataClient> {
    return this.#links.get(address);
  }

  /** It sent what it must not: others are asked for a while. */
  avoid(address: DataAddress, error: unknown): void {
    this.#links.avoid(address, error);
  }

  /** Evictions at every worker that this process is connected to. */
  onEvicted(listener: (objectId: string) => void): void {
    this.#onEvicted = listener;
  }

  /** Called when this node's worker has other disks than it said. */
  onDisksChanged(listener: () => void): void {
    this.#onDisksChanged = listener;
  }

  /** Called when the connection to this node's worker has ended: what it said of its files holds no more. */
  onDisconnected(listener: () => void): void {
    this.#onDisconnected = listener;
  }

  /** Called after each new connection: what a worker was told before must be told again. */
  onConnected(listener: (client: DataClient) => void): void {
    this.#onConnected = listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#links[Symbol.asyncDispose]();
  }
}
