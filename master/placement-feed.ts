/**
 * The placement as everyone is told of it.
 *
 * Always true:
 *   - a placement is persisted before anyone is told of it, and numbers are told in their order;
 *   - each change is told at once, or as soon as the gap after the one before has passed; changes in the
 *     gap are told together, so that a thousand workers that start do not send a thousand lists to each
 *     of a thousand watchers;
 *   - however many watch, other work gets its turn between some of them and the next.
 *
 * Decides nothing: `Membership` does.
 */
import type { Clock } from '../common/index.ts';
import type { MasterMessage } from '../proto/generated/larder/v1/MasterMessage.ts';
import type { Placement } from '../proto/generated/larder/v1/Placement.ts';
import { encodedOnce } from '../rpc/grpc/index.ts';
import { Signal } from './async.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { PlacementRecord } from './records.ts';
import { placementToWire } from './wire.ts';

export interface PlacementFeedOptions {
  readonly store: Pick<CatalogStore, 'putPlacement'>;
  readonly clock: Clock;
  /** As persisted. */
  readonly placement: PlacementRecord;
  /** As decided. */
  decided(): PlacementRecord;
  /** To be told to the workers: resolves when it was handed to all streams. */
  tell(message: MasterMessage, placement: PlacementRecord): Promise<void>;
}

/** Watchers that are told per millisecond: other work gets its turn between them. */
const WATCHERS_PER_MS = 16;
/**
 * Members times watchers that may be told of per millisecond, on average: a member is 60 bytes, so a
 * thousand of them to a thousand watchers are 60 MB, which may be sent twice a second.
 */
const TOLD_PER_MS = 2_000;
/** With the time to send it, a change is with everyone within a second. */
const MAX_GAP_MS = 500;

export class PlacementFeed {
  readonly #options: PlacementFeedOptions;
  readonly #published = new Signal();
  readonly #ending = new AbortController();
  #placement: PlacementRecord;
  #wire: Placement;
  #message: MasterMessage;
  #publishing: Promise<void> = Promise.resolve();
  #watchers = 0;
  /** When the next watcher may be told. */
  #nextTurnMs = 0;

  constructor(options: PlacementFeedOptions) {
    this.#options = options;
    this.#placement = options.placement;
    this.#wire = encodedOnce(placementToWire(options.placement));
    this.#message = encodedOnce({ placement: this.#wire });
  }

  /** As persisted and told. */
  get current(): PlacementRecord {
    return this.#placement;
  }

  /** The same, for workers. */
  get message(): MasterMessage {
    return this.#message;
  }

  /**
   * Persists and tells what is decided.
   *
   * @returns rejects where it could not be kept: nobody was told then
   */
  publish(): Promise<void> {
    const publishing = this.#publishing.then(() => this.#publish());
    this.#publishing = publishing.then(
      (isNews) => (isNews ? this.#gap() : undefined),
      () => undefined,
    );
    return publishing.then(() => undefined);
  }

  /** Resolves when what was decided so far has been told, or could not be. */
  settled(): Promise<void> {
    return this.#publishing;
  }

  /** The placement now, and the newest after changes. */
  async *watch(signal: AbortSignal): AsyncGenerator<Placement, void, undefined> {
    this.#watchers += 1;
    try {
      for (let told = -1; ;) {
        const next = this.#published.wait(signal);
        next.catch(() => undefined);
        if (this.#placement.number !== told) {
          await this.#turn(signal);
          told = this.#placement.number;
          yield this.#wire;
        } else await next;
      }
    } finally {
      this.#watchers -= 1;
    }
  }

  /** Waits for what is being persisted; no gap is waited for any more. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#publishing;
  }

  /** Of watchers that are woken together. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const turnMs = Math.max(nowMs, this.#nextTurnMs);
    this.#nextTurnMs = turnMs + 1 / WATCHERS_PER_MS;
    if (turnMs - nowMs >= 1) await clock.sleep(turnMs - nowMs, signal);
  }

  /** @returns whether there was something to tell */
  async #publish(): Promise<boolean> {
    const placement = this.#options.decided();
    if (placement.number === this.#placement.number) return false;
    await this.#options.store.putPlacement(placement);
    this.#placement = placement;
    this.#wire = encodedOnce(placementToWire(placement));
    this.#message = encodedOnce({ placement: this.#wire });
    this.#published.notify();
    await this.#options.tell(this.#message, placement);
    return true;
  }

  async #gap(): Promise<void> {
    const told = this.#placement.members.length * (this.#watchers + this.#placement.members.length);
    const gapMs = Math.min(MAX_GAP_MS, Math.floor(told / TOLD_PER_MS));
    if (gapMs === 0) return;
    await this.#options.clock.sleep(gapMs, this.#ending.signal).catch(() => undefined);
  }
}
