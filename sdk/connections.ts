/**
 * Connections to workers' data planes: one per address, made when first needed, forgotten when it
 * ends. An address that just refused is not tried again for a moment, so that a worker that is away
 * is not hammered.
 */
import { LarderError } from '../common/index.ts';
import { DataClient, formatAddress } from '../rpc/data/index.ts';
import type { DataAddress } from '../rpc/data/index.ts';
import type { ConnectConfig } from './options.ts';

const CONNECT_TIMEOUT_MS = 3_000;
/** Short against the time that a worker takes to start (about 300 ms). */
const REST_AFTER_FAILURE_MS = 50;

interface Failure {
  readonly untilMs: number;
  readonly error: unknown;
}

export class Connections implements AsyncDisposable {
  readonly #config: ConnectConfig;
  readonly #open = new Map<string, Promise<DataClient>>();
  readonly #failures = new Map<string, Failure>();
  readonly #closing = new AbortController();
  #onEvicted: (objectId: string) => void = () => undefined;
  #onDisksChanged: () => void = () => undefined;
  #onDisconnected: () => void = () => undefined;
  #onConnected: (client: DataClient) => void = () => undefined;

  constructor(config: ConnectConfig) {
    this.#config = config;
  }

  /** @throws {LarderError} `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `PROTOCOL_MISMATCH` */
  get(address: DataAddress): Promise<DataClient> {
    const key = formatAddress(address);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const failure = this.#failures.get(key);
    if (failure !== undefined && this.#config.clock.monotonicMs() < failure.untilMs) {
      return Promise.reject(
        new LarderError('UNAVAILABLE', { worker: key }, { cause: failure.error }),
      );
    }
    const connecting = this.#connect(address, key);
    this.#open.set(key, connecting);
    return connecting;
  }

  /** Evictions at every worker that this process is connected to. */
  onEvicted(listener: (objectId: string) => void): void {
    this.#onEvicted = listener;
  }

  /** Called when the connection to this node's worker has ended: what it said of its files holds no more. */
  onDisksChanged(listener: () => void): void {
    this.#onDisksChanged = listener;
  }

  onDisconnected(listener: () => void): void {
    this.#onDisconnected = listener;
  }

  /** Called after each new connection: what a worker was told before must be told again. */
  onConnected(listener: (client: DataClient) => void): void {
    this.#onConnected = listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const settled = await Promise.allSettled(this.#open.values());
    for (const result of settled) {
      if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
    }
  }

  async #connect(address: DataAddress, key: string): Promise<DataClient> {
    const { clock, client } = this.#config;
    try {
      const connection = await DataClient.connect(
        address,
        { clock, client, connectTimeoutMs: CONNECT_TIMEOUT_MS },
        this.#closing.signal,
      );
      connection.onEvicted((objectId) => {
        this.#onEvicted(objectId);
      });
      connection.onDisksChanged(() => {
        if (address.kind === 'unix') this.#onDisksChanged();
      });
      connection.onClosed(() => {
        this.#open.delete(key);
        if (address.kind === 'unix') this.#onDisconnected();
      });
      if (connection.closed) throw new LarderError('UNAVAILABLE', { worker: key });
      this.#failures.delete(key);
      this.#onConnected(connection);
      return connection;
    } catch (error) {
      this.#open.delete(key);
      const untilMs = clock.monotonicMs() + REST_AFTER_FAILURE_MS;
      this.#failures.set(key, { untilMs, error });
      throw error;
    }
  }
}
