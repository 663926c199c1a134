/**
 * Tells workers their parts of the origins' bandwidth, as heartbeats come in.
 *
 * Always true: it is divided at most every `GAP_MS` because of heartbeats, and at once when a setting has changed
 * or a worker has joined.
 *
 * Leaves to others: how it is divided (`OriginBudgets`).
 */
import type { Clock } from '../common/index.ts';
import type { Heartbeat__Output } from '../proto/generated/larder/v1/Heartbeat.ts';
import type { MasterMessage } from '../proto/generated/larder/v1/MasterMessage.ts';
import { OriginBudgets } from './origin-budgets.ts';
import type { BudgetMember, BudgetState, DatasetBudget, Share } from './origin-budgets.ts';

export interface BudgetFeedOptions {
  readonly clock: Clock;
  /** Of all datasets that have one, as it is now. */
  readonly budgets: () => readonly DatasetBudget[];
  readonly members: () => readonly BudgetMember[];
  readonly tell: (workerId: string, message: MasterMessage) => void;
}

/** Each worker sends a heartbeat a second: more often there is little news. */
const GAP_MS = 200;

export class BudgetFeed {
  readonly #options: BudgetFeedOptions;
  readonly #parts = new OriginBudgets();
  #dividedAtMs = -Infinity;

  constructor(options: BudgetFeedOptions) {
    this.#options = options;
  }

  heard(workerId: string, { origin_demands: demands }: Heartbeat__Output): void {
    const nowMs = this.#options.clock.monotonicMs();
    const told = demands.map((demand) => ({
      datasetId: demand.dataset_id,
      bytesPerSecond: demand.bytes_per_second,
      waits: demand.waits,
      refusals: demand.refusals,
    }));
    this.#parts.heard(workerId, told, nowMs);
    if (nowMs - this.#dividedAtMs >= GAP_MS) this.divide();
  }

  /** Its stream is a new one. */
  joined(workerId: string): void {
    this.#parts.untold(workerId);
    this.divide();
  }

  forget(workerId: string): void {
    this.#parts.forget(workerId);
  }

  /** Something has changed that no heartbeat tells. */
  divide(): void {
    const { clock, budgets, members, tell } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#dividedAtMs = nowMs;
    for (const [workerId, shares] of this.#parts.divide(budgets(), members(), nowMs)) {
      tell(workerId, { origin_shares: { shares: shares.map(toWire) } });
    }
  }

  /** By dataset, of those that have a budget. */
  states(): Map<number, BudgetState> {
    const { budgets, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    return new Map(budgets().map((it) => [it.datasetId, this.#parts.state(it, nowMs)]));
  }
}

function toWire({ datasetId, bytesPerSecond, budget }: Share) {
  return { dataset_id: datasetId, bytes_per_second: bytesPerSecond, budget };
}
