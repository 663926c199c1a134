/**
 * The bandwidth that all workers together use of each origin (`originBandwidth` of a dataset), divided by what
 * they want. Decides only: time comes in as numbers, and whoever calls tells the workers.
 *
 * A worker that is silent may still read: it keeps what it was told last, at most its part by weight, so that
 * much is reserved until it is no member any more.
 *
 * When an origin throttles, all of them are slowed down together: the budget falls to a part of what it was, once
 * for one storm, and comes back step by step.
 */
import { divideBandwidth } from './divide-bandwidth.ts';

export interface DatasetBudget {
  readonly datasetId: number;
  readonly bytesPerSecond: number;
}

/** What a worker tells of one origin. */
export interface WorkerDemand {
  readonly datasetId: number;
  readonly bytesPerSecond: number;
  readonly waits: boolean;
  /** Since its process started. */
  readonly refusals: number;
}

export interface BudgetMember {
  readonly workerId: string;
  readonly weightBytes: number;
  /** It can be told. */
  readonly isConnected: boolean;
}

export interface Share extends DatasetBudget {
  readonly budget: number;
}

export interface BudgetState {
  /** As it is set. */
  readonly budget: number;
  /** Less for a while after the origin has throttled. */
  readonly now: number;
  /** As the workers last told. */
  readonly used: number;
}

interface Slowed {
  readonly factor: number;
  readonly atMs: number;
}

/** As TCP does between halving and hardly slowing down: what an origin refuses is often little above what it gives. */
const CUT = 0.7;
const LEAST_FACTOR = 1 / 20;
/** One storm of refusals, as several workers meet it, takes as long as their heartbeats. */
const STORM_MS = 3_000;
/** From nothing to all of it. */
const RECOVER_MS = 60_000;

export class OriginBudgets {
  /** By worker and dataset. */
  readonly #demands = new Map<string, ReadonlyMap<number, WorkerDemand>>();
  readonly #told = new Map<string, ReadonlyMap<number, Share>>();
  readonly #slowed = new Map<number, Slowed>();

  /** A heartbeat. */
  heard(workerId: string, demands: readonly WorkerDemand[], nowMs: number): void {
    const before = this.#demands.get(workerId);
    for (const { datasetId, refusals } of demands) {
      const earlier = before?.get(datasetId)?.refusals ?? 0;
      // Fewer than before are those of another process.
      if (refusals !== earlier && refusals > 0) this.#slow(datasetId, nowMs);
    }
    this.#demands.set(workerId, new Map(demands.map((demand) => [demand.datasetId, demand])));
  }

  forget(workerId: string): void {
    this.#demands.delete(workerId);
    this.#told.delete(workerId);
  }

  /**
   * Divides anew.
   *
   * @returns what is to be told, of those for whom something has changed that is worth a message
   */
  divide(
    budgets: readonly DatasetBudget[],
    members: readonly BudgetMember[],
    nowMs: number,
  ): Map<string, readonly Share[]> {
    const shares = new Map<string, Share[]>(
      members.filter(({ isConnected }) => isConnected).map(({ workerId }) => [workerId, []]),
    );
    for (const budget of budgets) {
      for (const [workerId, share] of this.#divideOne(budget, members, nowMs)) {
        shares.get(workerId)?.push(share);
      }
    }
    const news = new Map<string, readonly Share[]>();
    for (const [workerId, all] of shares) {
      if (!isNews(this.#told.get(workerId), all)) continue;
      this.#told.set(workerId, new Map(all.map((share) => [share.datasetId, share])));
      news.set(workerId, all);
    }
    return news;
  }

  /** Its stream is a new one: it is told again. */
  untold(workerId: string): void {
    this.#told.delete(workerId);
  }

  state({ datasetId, bytesPerSecond }: DatasetBudget, nowMs: number): BudgetState {
    let used = 0;
    for (const demands of this.#demands.values()) {
      used += demands.get(datasetId)?.bytesPerSecond ?? 0;
    }
    const now = Math.round(bytesPerSecond * this.#factor(datasetId, nowMs));
    return { budget: bytesPerSecond, now, used };
  }

  #divideOne(
    { datasetId, bytesPerSecond: budget }: DatasetBudget,
    members: readonly BudgetMember[],
    nowMs: number,
  ): [string, Share][] {
    const allBytes = members.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    let available = budget * this.#factor(datasetId, nowMs);
    const claims = [];
    for (const { workerId, weightBytes, isConnected } of members) {
      if (isConnected) {
        const demand = this.#demands.get(workerId)?.get(datasetId);
        const { bytesPerSecond = 0, waits = false } = demand ?? {};
        claims.push({ workerId, bytesPerSecond, waits });
        continue;
      }
      // One that this master has never told anything may have been told by the one before.
      const last = this.#told.get(workerId)?.get(datasetId)?.bytesPerSecond ?? Infinity;
      available -= Math.min(last, (budget * weightBytes) / Math.max(1, allBytes));
    }
    return [...divideBandwidth(Math.max(0, available), claims)].map(([workerId, bytes]) => [
      workerId,
      { datasetId, bytesPerSecond: Math.max(1, Math.floor(bytes)), budget },
    ]);
  }

  #slow(datasetId: number, nowMs: number): void {
    const before = this.#slowed.get(datasetId);
    if (before !== undefined && nowMs - before.atMs < STORM_MS) return;
    const factor = Math.max(LEAST_FACTOR, this.#factor(datasetId, nowMs) * CUT);
    this.#slowed.set(datasetId, { factor, atMs: nowMs });
  }

  #factor(datasetId: number, nowMs: number): number {
    const slowed = this.#slowed.get(datasetId);
    if (slowed === undefined) return 1;
    return Math.min(1, slowed.factor + (nowMs - slowed.atMs) / RECOVER_MS);
  }
}

/** Of the share: less of a change is not worth a message to each of a thousand workers. */
const NEWS_SHARE = 0.02;

function isNews(told: ReadonlyMap<number, Share> | undefined, shares: readonly Share[]): boolean {
  if (told?.size !== shares.length) return told !== undefined || shares.length > 0;
  return shares.some((share) => {
    const before = told.get(share.datasetId);
    if (before?.budget !== share.budget) return true;
    const change = Math.abs(share.bytesPerSecond - before.bytesPerSecond);
    return change > before.bytesPerSecond * NEWS_SHARE;
  });
}
