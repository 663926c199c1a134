/** Options of a connection: all optional for callers, all there inside. */
import { systemClock, systemRandom } from '../common/index.ts';
import type { Clock, Random } from '../common/index.ts';

export interface ConnectOptions {
  /** `host:port` of the master. Default `127.0.0.1:7400`. */
  readonly master?: string;
  /** Unix socket of the worker on this node. Default: none, bytes come over TCP. */
  readonly workerSocket?: string;
  /** How long a read may take in all, over every worker and retry. Default 30,000 ms. */
  readonly readTimeoutMs?: number;
  /** How long one worker may take for one answer. Default 15,000 ms. */
  readonly attemptTimeoutMs?: number;
  /**
   * A worker that says nothing for so long while it is asked, not even that it is there, hangs: others are
   * asked. Default 5,000 ms.
   */
  readonly hangTimeoutMs?: number;
  /** How long one that hung, or sent what it must not, is not asked. Default 5,000 ms. */
  readonly hangRestMs?: number;
  /** How long a call to the master may take. Default 10,000 ms. */
  readonly callTimeoutMs?: number;
  /** Shown in the workers' logs. Default `sdk`. */
  readonly client?: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

export type ConnectConfig = Required<Omit<ConnectOptions, 'workerSocket'>> & {
  readonly workerSocket: string | undefined;
};

export function connectConfig(options: ConnectOptions): ConnectConfig {
  return {
    master: options.master ?? '127.0.0.1:7400',
    workerSocket: options.workerSocket,
    readTimeoutMs: options.readTimeoutMs ?? 30_000,
    attemptTimeoutMs: options.attemptTimeoutMs ?? 15_000,
    hangTimeoutMs: options.hangTimeoutMs ?? 5_000,
    hangRestMs: options.hangRestMs ?? 5_000,
    callTimeoutMs: options.callTimeoutMs ?? 10_000,
    client: options.client ?? 'sdk',
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  };
}
