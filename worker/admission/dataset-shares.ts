/**
 * The datasets of one disk: who may have how much of the kept region, and who gives when another needs room.
 *
 * Always true: an account or a choice of who gives costs the same whether there are three datasets or thousands, but
 * for a look at all of them when the one that gave has no more; quotas are planned anew only after something was
 * told that they depend on, at the next question.
 */
import { DatasetShare } from './dataset-share.ts';
import type { Expected } from './dataset-share.ts';
import { planQuotas, wanted } from './quotas.ts';
import type { QuotaClaim } from './quotas.ts';

export class DatasetShares {
  readonly #shares = new Map<number, DatasetShare>();
  /** With more than their quota. */
  readonly #over = new Set<DatasetShare>();
  /** Of which something above the threshold may be kept. */
  readonly #exceeding = new Set<DatasetShare>();
  #rates: ReadonlyMap<number, number> = new Map();
  #regionBytes = 0;
  #wantedBytes = 0;
  #isStale = false;
  #giver: DatasetShare | undefined;
  #exceeder: DatasetShare | undefined;

  /** The dataset's, with its quota as of now. */
  of(datasetId: number): DatasetShare {
    this.#planIfStale();
    return this.#get(datasetId);
  }

  /** Unset where nothing is known of it. */
  peek(datasetId: number): DatasetShare | undefined {
    return this.#shares.get(datasetId);
  }

  /** What this worker is to serve of all, as far as each may have it. */
  get wantedBytes(): number {
    this.#planIfStale();
    return this.#wantedBytes;
  }

  /** Whatever was learned of thresholds was learned with another region. */
  setRegion(regionBytes: number): void {
    for (const share of this.#shares.values()) share.forgetCorrection();
    this.#regionBytes = regionBytes;
    this.#isStale = true;
  }

  setExpected(datasetId: number, expected: Expected | undefined): void {
    const share = this.#get(datasetId);
    share.expected = expected;
    this.#isStale = true;
    if (share.isForgotten) this.#forget(share);
  }

  /** Bytes a second of every dataset that is read. */
  setRates(rates: ReadonlyMap<number, number>): void {
    this.#rates = rates;
    this.#isStale = true;
  }

  account(datasetId: number, bytes: number, objects: number): void {
    const share = this.#get(datasetId);
    share.keptBytes += bytes;
    share.keptObjects += objects;
    if (share.overBytes > 0) this.#over.add(share);
    else this.#over.delete(share);
    if (share.isForgotten) this.#forget(share);
  }

  /** Whether any dataset may have something above its threshold. */
  get mayExceed(): boolean {
    return this.#exceeding.size > 0;
  }

  /** An object above the threshold is kept. */
  exceeds(share: DatasetShare): void {
    this.#exceeding.add(share);
  }

  /** Nothing of it is kept above the threshold. */
  isWithin(share: DatasetShare): void {
    this.#exceeding.delete(share);
    if (this.#exceeder === share) this.#exceeder = undefined;
  }

  /** Who has most above its quota: it gives until it is within, then the next. */
  mostOver(except: ReadonlySet<DatasetShare>): DatasetShare | undefined {
    this.#planIfStale();
    const giver = this.#giver;
    if (giver !== undefined && this.#over.has(giver) && !except.has(giver)) return giver;
    this.#giver = largest(this.#over, except, ({ overBytes }) => overBytes);
    return this.#giver;
  }

  /** Of those with objects above their threshold the one that is worth least. */
  leastWorthExceeding(): DatasetShare | undefined {
    this.#planIfStale();
    if (this.#exceeder !== undefined && this.#exceeding.has(this.#exceeder)) return this.#exceeder;
    this.#exceeder = largest(this.#exceeding, NONE, ({ rank }) => rank);
    return this.#exceeder;
  }

  /** Of those of which something is kept. */
  leastWorth(except: ReadonlySet<DatasetShare>): DatasetShare | undefined {
    this.#planIfStale();
    const holding = [...this.#shares.values()].filter(({ keptObjects }) => keptObjects > 0);
    return largest(holding, except, ({ rank }) => rank);
  }

  #get(datasetId: number): DatasetShare {
    let share = this.#shares.get(datasetId);
    if (share === undefined) {
      share = new DatasetShare(datasetId);
      this.#shares.set(datasetId, share);
    }
    return share;
  }

  #planIfStale(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const claims: QuotaClaim[] = [];
    this.#wantedBytes = 0;
    for (const share of this.#shares.values()) {
      const { datasetId, sizeBytes, limitBytes, keptBytes: heldBytes } = share;
      const bytesPerSecond = this.#rates.get(datasetId) ?? 0;
      const claim = { datasetId, sizeBytes, limitBytes, bytesPerSecond, heldBytes };
      claims.push(claim);
      this.#wantedBytes += share.expected === undefined ? 0 : wanted(claim);
    }
    this.#over.clear();
    this.#giver = undefined;
    this.#exceeder = undefined;
    for (const { datasetId, quotaBytes, rank } of planQuotas(claims, this.#regionBytes)) {
      const share = this.#shares.get(datasetId);
      if (share === undefined) continue;
      if (share.plan(quotaBytes, rank) && share.keptObjects > 0) this.#exceeding.add(share);
      if (share.overBytes > 0) this.#over.add(share);
    }
  }

  #forget(share: DatasetShare): void {
    this.#shares.delete(share.datasetId);
    this.#over.delete(share);
    this.isWithin(share);
  }
}

const NONE: ReadonlySet<DatasetShare> = new Set();

function largest(
  shares: Iterable<DatasetShare>,
  except: ReadonlySet<DatasetShare>,
  of: (share: DatasetShare) => number,
): DatasetShare | undefined {
  let found: DatasetShare | undefined;
  for (const share of shares) {
    if (except.has(share)) continue;
    if (found === undefined || of(share) > of(found)) found = share;
  }
  return found;
}
