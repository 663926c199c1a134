/**
 * Tells every serving thread which objects were evicted, so that it closes their fds and their space
 * comes back.
 *
 * A thread that is blocked in a read of /dev/fuse sees nothing: it is woken by a request, a statfs of
 * our own mount. The kernel gives requests to idle threads in turn, so a few are enough; they are
 * bounded, because a thread that is busy looks by itself when it is done.
 */
import { statfs } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../common/index.ts';

/** Instead of an object's id: let go of all of them. */
export const EVERYTHING = '*';

const ROUNDS = 8;
const ROUND_MS = 20;

export class EvictionNotices {
  readonly memory: SharedArrayBuffer;
  readonly #seen: Int32Array;
  readonly #mountpoint: string;
  readonly #threads: number;
  readonly #clock: Clock;
  readonly #ports: MessagePort[] = [];
  #waking = false;

  constructor(mountpoint: string, threads: number, clock: Clock) {
    this.#mountpoint = mountpoint;
    this.#threads = threads;
    this.#clock = clock;
    this.memory = new SharedArrayBuffer((1 + threads) * 4);
    this.#seen = new Int32Array(this.memory);
  }

  /** The end of the channel that thread `index` gets. */
  port(index: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    port1.unref();
    this.#ports[index] = port1;
    return port2;
  }

  /** @param objectId or `EVERYTHING` */
  announce(objectId: string): void {
    for (const port of this.#ports) port.postMessage(objectId);
    Atomics.add(this.#seen, 0, 1);
    if (!this.#waking) void this.#wake();
  }

  async #wake(): Promise<void> {
    this.#waking = true;
    for (let round = 0; round < ROUNDS && !this.#allSeen(); round++) {
      for (let poke = 0; poke < this.#threads; poke++) statfs(this.#mountpoint, () => undefined);
      await this.#clock.sleep(ROUND_MS);
    }
    this.#waking = false;
  }

  #allSeen(): boolean {
    const announced = Atomics.load(this.#seen, 0);
    return this.#seen.subarray(1).every((seen) => seen === announced);
  }
}
