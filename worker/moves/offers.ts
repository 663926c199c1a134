/**
 * Offers what this worker holds to the workers that are to have it.
 *
 * All of it after each change of placement or of how many copies a dataset is to have; what has come since,
 * now and then, because it may have come for somebody else (while its owner was away) or be the first of
 * several copies (each tells the next, so that copies spread as a chain); and all that one worker is to have, when
 * it can be reached again.
 *
 * Always true: a worker is told `settled` for a placement only after everything held here that it is to have by
 * that placement was offered to it.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { Clock, Logger, Placement, PlacementMember } from '../../common/index.ts';
import type { MoveList } from '../../rpc/frames/index.ts';
import { dutiesOf, nextOf } from './duties.ts';
import { holdings } from './holdings.ts';
import type { Holding, HoldingsOptions } from './holdings.ts';
import { Outbox } from './outbox.ts';

export interface OffersOptions {
  readonly workerId: string;
  readonly placement: () => Placement;
  /** Copies that objects of a dataset are to have. */
  readonly replicas: (datasetId: number) => number;
  readonly versions: HoldingsOptions['versions'];
  readonly held: HoldingsOptions['held'] & {
    onChange(listener: (change: Came) => void): () => void;
  };
  /** Before everything is offered: what is held here may mean something else now. */
  readonly sortRegions: (placement: Placement, signal: AbortSignal) => Promise<void>;
  readonly send: (member: PlacementMember, list: MoveList) => Promise<void>;
  /** Between two walks over what has come since. */
  readonly pauseMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Came {
  readonly datasetId: number;
  readonly firstBlock: number;
  readonly count: number;
  readonly held: boolean;
}

/** Changes of placement come in twos and threes when a cluster starts. */
const SETTLE_MS = 100;
/** A walk takes at most so much of the time. */
const PAUSE_PER_WALK = 10;
const MAX_RETRY_MS = 15_000;

export class Offers implements AsyncDisposable {
  readonly #options: OffersOptions;
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;
  readonly #running: Promise<void>;
  /** What came since the last walk, by dataset. */
  #fresh = new Map<number, RoaringBitmap32>();
  /** Everything is to be offered to everybody. */
  #all = true;
  /** Workers that could not be told what they are to have. */
  readonly #behind = new Set<string>();
  #wake: () => void = () => undefined;
  #walk = new AbortController();
  #walkMs = 0;
  #retryMs: number;

  constructor(options: OffersOptions) {
    this.#options = options;
    this.#retryMs = options.pauseMs;
    this.#unsubscribe = options.held.onChange((change) => {
      this.#note(change);
    });
    this.#running = this.#run();
  }

  /** Placement, or how many copies there are to be, is another one. */
  changed(): void {
    this.#all = true;
    this.#walk.abort();
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort();
    this.#walk.abort();
    this.#wake();
    await this.#running;
    for (const blocks of this.#fresh.values()) blocks.dispose();
  }

  #note({ datasetId, firstBlock, count, held }: Came): void {
    if (!held || this.#all || this.#options.placement().everyone.length < 2) return;
    let blocks = this.#fresh.get(datasetId);
    if (blocks === undefined) {
      blocks = new RoaringBitmap32();
      this.#fresh.set(datasetId, blocks);
      this.#wake();
    }
    blocks.addRange(firstBlock, firstBlock + count);
  }

  async #run(): Promise<void> {
    while (!this.#isClosing()) {
      await this.#due();
      if (this.#isClosing()) return;
      this.#walk = new AbortController();
      try {
        await this.#offer(AbortSignal.any([this.#closing.signal, this.#walk.signal]));
      } catch (error) {
        if (this.#isClosing()) return;
        this.#options.log.debug({ err: error }, 'what is held was not offered: trying again');
        this.#all = true;
        await this.#sleep(this.#walk.signal.aborted ? 0 : this.#backOff());
      }
    }
  }

  /** Resolves when there is something to offer, not too soon after the last time. */
  async #due(): Promise<void> {
    const { pauseMs, clock } = this.#options;
    while (!this.#isClosing()) {
      if (this.#all) {
        await this.#sleep(SETTLE_MS);
        return;
      }
      const isFresh = this.#fresh.size > 0;
      const waitMs = isFresh ? Math.max(pauseMs, PAUSE_PER_WALK * this.#walkMs) : this.#retryMs;
      if (!isFresh && this.#behind.size === 0) await this.#woken();
      else if (await this.#sleptWhole(waitMs, clock)) return;
    }
  }

  async #offer(signal: AbortSignal): Promise<void> {
    const { placement: current, workerId, clock } = this.#options;
    const placement = current();
    const fresh = this.#fresh;
    const all = this.#all;
    this.#fresh = new Map();
    this.#all = false;
    const peers = placement.everyone.filter((member) => member.workerId !== workerId);
    const startMs = clock.monotonicMs();
    try {
      if (all) await this.#options.sortRegions(placement, signal);
      const outbox = this.#outbox(placement);
      const targets = all ? peers : await this.#reachable(outbox, peers);
      const targetIds = new Set(targets.map((target) => target.workerId));
      const onlyFresh = !all && targets.length === 0;
      if (peers.length > 0 && (!onlyFresh || fresh.size > 0)) {
        for await (const found of holdings({ ...this.#options, fresh, onlyFresh, signal })) {
          for (const holding of found) await this.#offerOne(outbox, placement, holding, targetIds);
        }
      }
      await outbox.flush();
      for (const target of targets) await outbox.tell(target, SETTLED);
      this.#judge(outbox, targets, placement);
    } finally {
      for (const blocks of fresh.values()) blocks.dispose();
      this.#walkMs = clock.monotonicMs() - startMs;
    }
  }

  async #offerOne(
    outbox: Outbox,
    placement: Placement,
    holding: Holding,
    targets: ReadonlySet<string>,
  ): Promise<void> {
    const { workerId, replicas } = this.#options;
    const { datasetId, version, ordinal, ref, stripes, isFresh } = holding;
    const copy = { placement, workerId, objectId: ref.objectId, stripes };
    const due = { ...copy, replicas: replicas(datasetId) };
    // Of what has just come there are none, mostly: who is to have it is a hash for each worker.
    const others = targets.size === 0 ? [] : dutiesOf(due).others;
    const told = others.filter(({ workerId }) => targets.has(workerId));
    const next = isFresh ? nextOf(due).filter(({ workerId }) => !targets.has(workerId)) : [];
    for (const member of [...told, ...next]) {
      await outbox.add(member, { datasetId, version, flag: false }, ordinal);
    }
  }

  /** Of those that could not be told before, the ones that can be now. */
  async #reachable(outbox: Outbox, peers: readonly PlacementMember[]): Promise<PlacementMember[]> {
    const behind = peers.filter(({ workerId }) => this.#behind.has(workerId));
    await Promise.all(behind.map((member) => outbox.tell(member, HELLO)));
    return behind.filter(({ workerId }) => !outbox.failed.has(workerId));
  }

  #judge(outbox: Outbox, targets: readonly PlacementMember[], placement: Placement): void {
    for (const { workerId } of targets) this.#behind.delete(workerId);
    for (const [workerId, error] of outbox.failed) {
      this.#options.log.debug({ err: error, worker: workerId }, 'a worker could not be offered to');
      this.#behind.add(workerId);
    }
    const members = new Set(placement.everyone.map(({ workerId }) => workerId));
    for (const workerId of this.#behind) if (!members.has(workerId)) this.#behind.delete(workerId);
    if (outbox.failed.size > 0) this.#backOff();
    else this.#retryMs = this.#options.pauseMs;
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #backOff(): number {
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
    return this.#retryMs;
  }

  #outbox(placement: Placement): Outbox {
    const { workerId, send } = this.#options;
    return new Outbox({ workerId, placement: placement.number, send });
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#closing.signal.aborted) resolve();
    });
  }

  async #sleptWhole(ms: number, clock: Clock): Promise<boolean> {
    const untilMs = clock.monotonicMs() + ms;
    await Promise.race([this.#sleep(ms), this.#woken()]);
    return clock.monotonicMs() >= untilMs;
  }

  async #sleep(ms: number): Promise<void> {
    await this.#options.clock.sleep(ms, this.#closing.signal).catch(() => undefined);
  }
}

const HELLO = { datasetId: 0, version: 0, flag: false };
const SETTLED = { datasetId: 0, version: 0, flag: true };
