/** Tells workers what has become of their offers: many entries at a time, a moment later. */
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

const FLUSH_AFTER_MS = 50;

export class Receipts implements AsyncDisposable {
  readonly #options: ReceiptsOptions;
  readonly #closing = new AbortController();
  #waiting: { readonly member: PlacementMember; readonly receipt: Receipt }[] = [];
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
    while (this.#waiting.length > 0 && !signal.aborted) {
      await clock.sleep(FLUSH_AFTER_MS, signal).catch(() => undefined);
      const waiting = this.#waiting;
      this.#waiting = [];
      await this.#sendAll(waiting);
    }
    this.#sending = undefined;
  }

  async #sendAll(
    waiting: readonly { readonly member: PlacementMember; readonly receipt: Receipt }[],
  ): Promise<void> {
    const { workerId, placement, send, log } = this.#options;
    const outbox = new Outbox({ workerId, placement: placement().number, send });
    for (const { member, receipt } of waiting) {
      const { datasetId, version, ordinal, what } = receipt;
      await outbox.add(member, { datasetId, version, flag: what === 'refused' }, ordinal);
    }
    await outbox.flush();
    for (const [worker, error] of outbox.failed) {
      // It offers again when it is back, or at the next change of placement.
      log.debug({ err: error, worker }, 'a worker could not be told what was taken');
    }
  }
}
