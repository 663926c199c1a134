/**
 * Memory that all connections of a server share, and none can take for itself.
 *
 * Always true:
 *   - what is taken never exceeds the limit;
 *   - a connection that has some already gets more only while at least as much is left for others as it
 *     would have then (the "dynamic threshold" of shared-memory switches): one that asks for everything
 *     gets half, the next half of the rest, and one that asks for little is served beside them;
 *   - connections that wait are served in turn.
 */
import { ByteQueue } from '../../common/index.ts';

export class SharedBytes {
  readonly #limitBytes: number;
  /** Those that wait, the one whose turn is next first. */
  readonly #waiting = new Set<ByteShare>();
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** For one connection. */
  share(): ByteShare {
    const share: ByteShare = new ByteShare(
      (bytes) => this.#take(share, bytes),
      () => this.#waiting.add(share),
      (bytes) => {
        this.#usedBytes -= bytes;
        this.#serveNext();
      },
    );
    return share;
  }

  #take(share: ByteShare, bytes: number): boolean {
    const leftBytes = this.#limitBytes - this.#usedBytes - bytes;
    const fits = leftBytes >= 0 || this.#usedBytes === 0;
    if (!fits || (share.usedBytes > 0 && share.usedBytes + bytes > leftBytes)) return false;
    this.#usedBytes += bytes;
    return true;
  }

  #serveNext(): void {
    for (let served = true; served;) {
      served = false;
      for (const share of [...this.#waiting]) {
        if (share.serveNext()) {
          served = true;
          this.#waiting.delete(share);
          this.#waiting.add(share);
        }
        if (share.waiting === 0) this.#waiting.delete(share);
      }
    }
  }
}

class ByteShare {
  readonly #take: (bytes: number) => boolean;
  readonly #wait: () => void;
  readonly #giveBack: (bytes: number) => void;
  readonly #queue = new ByteQueue();
  usedBytes = 0;

  constructor(
    take: (bytes: number) => boolean,
    wait: () => void,
    giveBack: (bytes: number) => void,
  ) {
    this.#take = take;
    this.#wait = wait;
    this.#giveBack = giveBack;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Undefined where they have to be waited for; else as `take`. */
  tryTake(bytes: number): (() => void) | undefined {
    return this.#queue.length > 0 || !this.#start(bytes) ? undefined : this.#release(bytes);
  }

  /**
   * Resolves with a function that gives the bytes back, which must be called once.
   *
   * @throws the signal's reason
   */
  async take(bytes: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const turn = this.#queue.wait(bytes, signal, () => {
      // A smaller one may have been behind it.
      this.#giveBack(0);
    });
    this.#wait();
    await turn;
    return this.#release(bytes);
  }

  /** Starts the one that waits longest; false where it does not fit. */
  serveNext(): boolean {
    return this.#queue.serveNext((bytes) => this.#start(bytes));
  }

  #release(bytes: number): () => void {
    return () => {
      this.usedBytes -= bytes;
      this.#giveBack(bytes);
    };
  }

  #start(bytes: number): boolean {
    if (!this.#take(bytes)) return false;
    this.usedBytes += bytes;
    return true;
  }
}

export type { ByteShare };
