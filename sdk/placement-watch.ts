/**
 * The newest placement, kept up by a stream from the master. While the master is away the last one
 * that was seen stays in force.
 */
import { Placement } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import { memberFromWire } from '../rpc/grpc/index.ts';
import type { MasterChannel } from '../rpc/grpc/index.ts';

const RETRY_MS = 300;

export class PlacementWatch implements AsyncDisposable {
  #placement = Placement.empty;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  #first: Promise<void>;
  #markFirst: () => void = () => undefined;

  constructor(master: MasterChannel, clock: Clock) {
    this.#first = new Promise((resolve) => {
      this.#markFirst = resolve;
    });
    this.#watching = this.#watch(master, clock);
  }

  get current(): Placement {
    return this.#placement;
  }

  /** Resolves with the first placement, or after `timeoutMs` without one. */
  async settled(clock: Clock, timeoutMs: number): Promise<void> {
    await Promise.race([
      this.#first,
      clock.sleep(timeoutMs, this.#closing.signal).catch(() => undefined),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#watching;
  }

  async #watch(master: MasterChannel, clock: Clock): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        for await (const message of master.cluster.watchPlacement({}, { signal })) {
          this.#placement = new Placement(message.number, message.members.map(memberFromWire));
          this.#markFirst();
        }
      } catch {
        // The master is away: what it last said holds until it is back.
      }
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
}
