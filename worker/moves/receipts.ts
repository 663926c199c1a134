/**
 * Tells workers what has become of their offers: many entries at a time, a moment later. Whoever cannot be
 * reached is told when it can be, as long as it is a member.
 */
import type { Clock, Logger, Placement, PlacementMember } from '../../common/index.ts';
import type { MoveList } from '../../rpc/frames/index.ts';
import { Outbox } from './outbox.ts';

export interface ReceiptsOptions {
  readonly workerId: string;
  readonly placement: () => Placement;
  readonly send: (member: PlacementMember, list: MoveList) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Receipt {
  readonly datasetId: number;
  readonly version: number;
  readonly ordinal: number;
  /** `refused`: there is no room for it. */
  readonly what: 'taken' | 'refused';
}

interface Waiting {
  readonly member: PlacementMember;
  readonly receipt: Receipt;
}

const FLUSH_AFTER_MS = 50;
const RETRY_AFTER_MS = 1_000;
/** For who cannot be reached; what is forgotten is told when it offers again. */
const MAX_WAITING = 100_000;

export class Receipts implements AsyncDisposable {
  readonly #options: ReceiptsOptions;
  readonly #closing = new AbortController();
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  add(member: PlacementMember, receipt: Receipt): void {
    this.#waiting.push({ member, receipt });
    this.#sending ??= this.#send();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#sending;
  }

  async #send(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    for (let pauseMs = FLUSH_AFTER_MS; this.#waiting.length > 0 && !signal.aborted;) {
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      const waiting = this.#waiting;
      this.#waiting = [];
      const untold = await this.#sendAll(waiting);
      pauseMs = untold.length > 0 ? RETRY_AFTER_MS : FLUSH_AFTER_MS;
      const room = Math.max(0, MAX_WAITING - this.#waiting.length);
      this.#waiting = [...this.#waiting, ...untold.slice(0, room)];
    }
    this.#sending = undefined;
  }

  /** @returns those of members that could not be told */
  async #sendAll(waiting: readonly Waiting[]): Promise<Waiting[]> {
    const { workerId, placement, send, log } = this.#options;
    const outbox = new Outbox({ workerId, placement: placement().number, send });
    for (const { member, receipt } of waiting) {
      const { datasetId, version, ordinal, what } = receipt;
      await outbox.add(member, { datasetId, version, flag: what === 'refused' }, ordinal);
    }
    await outbox.flush();
    for (const [worker, error] of outbox.failed) {
      log.debug({ err: error, worker }, 'a worker could not be told what was taken');
    }
    const members = new Set(placement().everyone.map((member) => member.workerId));
    return waiting.filter(({ member }) => {
      return outbox.failed.has(member.workerId) && members.has(member.workerId);
    });
  }
}
