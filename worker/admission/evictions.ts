/**
 * Which of the kept objects go for a newcomer, best first:
 *   1. what lies above its dataset's threshold, of the dataset that is worth least first;
 *   2. of the dataset that is most over its quota until it is within, then of the newcomer's own: the highest band
 *      hash first, or what is used last where plans are known.
 *
 * Always true:
 *   - a newcomer displaces nothing of its own dataset that is better: that lies below its own hash, or is used
 *     sooner; and of others only what is above their threshold or quota;
 *   - what is pinned, or kept until a time to come, is never named;
 *   - of what is asked for thresholds move with it: ask for as many as are needed and no more.
 */
import type { DatasetShare } from './dataset-share.ts';
import type { DatasetShares } from './dataset-shares.ts';
import type { NextUses } from './next-uses.ts';
import type { Protections } from './protections.ts';
import { ANYONE } from './types.ts';
import type { Candidate, EvictionOrder, Newcomer, Shortage, Victim } from './types.ts';

export interface Eviction {
  readonly shares: DatasetShares;
  readonly protections: Protections;
  readonly order: EvictionOrder;
  readonly newcomer: Newcomer;
  readonly shortage: Shortage;
  readonly nowMs: number;
}

/** Below every band hash: what is pinned comes before all that is not. */
const FIRST = -1;

/** @param open whether those that somebody has open are looked for, or the others */
export function* aboveThresholds(eviction: Eviction, open: boolean): Generator<Victim> {
  const { shares, shortage } = eviction;
  if (!comesBefore(eviction) || shortage === 'quota') {
    // It is above its own threshold: the higher ones of its dataset are its only match.
    yield* ownAbove(eviction, open);
    return;
  }
  const passed: DatasetShare[] = [];
  try {
    for (;;) {
      const share = shares.leastWorthExceeding();
      if (share === undefined) return;
      const leftAny = yield* exceeding(eviction, share, open);
      shares.isWithin(share);
      if (leftAny) passed.push(share);
    }
  } finally {
    for (const share of passed) shares.exceeds(share);
  }
}

/** What lies below the thresholds, which move. Only for what is to be kept. */
export function* belowThresholds(eviction: Eviction, open: boolean): Generator<Victim> {
  const { shares, newcomer, shortage, protections, nowMs } = eviction;
  if (!comesBefore(eviction)) return;
  const spent = new Set<DatasetShare>();
  for (;;) {
    const giver = shortage === 'quota' ? undefined : pickGiver(eviction, spent);
    if (giver === undefined) break;
    spent.add(giver);
    if (protections.coversWhole(giver.datasetId, nowMs)) continue;
    const isOver = giver.overBytes > 0;
    for (const victim of worst(eviction, giver, open, FIRST)) {
      yield { objectId: victim.objectId, reason: 'over quota' };
      if (isOver ? giver.overBytes <= 0 : giver.keptObjects <= 0) {
        spent.delete(giver);
        break;
      }
    }
  }
  if (newcomer.datasetId === ANYONE) return;
  const own = shares.of(newcomer.datasetId);
  const reason = own.nextUses === undefined ? 'threshold lowered' : 'later use';
  for (const { objectId } of worst(eviction, own, open, rankOf(eviction))) {
    yield { objectId, reason };
  }
}

/** Whether it is to be kept, and so comes before what lies above any threshold. */
function comesBefore(eviction: Eviction): boolean {
  const { shares, newcomer } = eviction;
  if (newcomer.datasetId === ANYONE) return true;
  if (newcomer.region !== 'kept') return false;
  return newcomer.band < shares.of(newcomer.datasetId).threshold || isBeforeAll(eviction);
}

function rankOf(eviction: Eviction): number {
  return isBeforeAll(eviction) ? FIRST : eviction.newcomer.band;
}

function* ownAbove(eviction: Eviction, open: boolean): Generator<Victim> {
  const { shares, newcomer, order } = eviction;
  const { threshold, datasetId } = shares.of(newcomer.datasetId);
  for (const candidate of order.kept(datasetId)) {
    if (candidate.band < threshold || candidate.band <= rankOf(eviction)) return;
    if (!mayGo(eviction, candidate, open)) continue;
    yield { objectId: candidate.objectId, reason: 'above threshold' };
  }
}

/** @returns whether something above its threshold was left */
function* exceeding(
  eviction: Eviction,
  share: DatasetShare,
  open: boolean,
): Generator<Victim, boolean> {
  const { order, protections, nowMs } = eviction;
  if (protections.coversWhole(share.datasetId, nowMs)) return true;
  let leftAny = false;
  for (const candidate of order.kept(share.datasetId)) {
    if (candidate.band < share.threshold) break;
    if (!mayGo(eviction, candidate, open)) {
      leftAny = true;
      continue;
    }
    yield { objectId: candidate.objectId, reason: 'above threshold' };
  }
  return leftAny;
}

function pickGiver(eviction: Eviction, spent: ReadonlySet<DatasetShare>) {
  const { shares, newcomer } = eviction;
  const most = shares.mostOver(spent);
  // What is pinned counts for no quota: others give to it as if they had none.
  if (isBeforeAll(eviction)) return most ?? shares.leastWorth(spent);
  // Its own gives to it by comparing the two.
  return most?.datasetId === newcomer.datasetId ? undefined : most;
}

function isBeforeAll({ newcomer, protections, nowMs }: Eviction): boolean {
  return newcomer.datasetId === ANYONE || protections.of(newcomer, nowMs) !== undefined;
}

/**
 * Of one dataset what goes next, and the threshold with it.
 *
 * @param above of its own dataset only what lies above this band, or is used later than the newcomer; `FIRST`: all
 */
function* worst(
  eviction: Eviction,
  share: DatasetShare,
  open: boolean,
  above: number,
): Generator<Candidate> {
  if (share.nextUses !== undefined) {
    yield* lastUsed(eviction, { share, uses: share.nextUses }, open, above);
    return;
  }
  for (const candidate of eviction.order.kept(share.datasetId)) {
    if (candidate.band <= above) return;
    if (!mayGo(eviction, candidate, open)) {
      eviction.shares.exceeds(share);
      continue;
    }
    share.lowerTo(candidate.band);
    yield candidate;
  }
}

function* lastUsed(
  eviction: Eviction,
  { share, uses }: { readonly share: DatasetShare; readonly uses: NextUses },
  open: boolean,
  above: number,
): Generator<Candidate> {
  const { order, newcomer } = eviction;
  const sooner = above === FIRST ? FIRST : uses.ofNewcomer(newcomer.firstBlock);
  const left: Candidate[] = [];
  try {
    for (;;) {
      const last = uses.last();
      if (last === undefined || last.nextUse <= sooner) return;
      uses.remove(last.firstBlock);
      const candidate = find(order.kept(share.datasetId, last.band), last);
      if (candidate === undefined) continue;
      if (mayGo(eviction, candidate, open)) yield candidate;
      else left.push(candidate);
    }
  } finally {
    for (const candidate of left) uses.add(candidate);
  }
}

function find(
  candidates: Iterable<Candidate>,
  { firstBlock, band }: { readonly firstBlock: number; readonly band: number },
): Candidate | undefined {
  for (const candidate of candidates) {
    if (candidate.band !== band) return undefined;
    if (candidate.firstBlock === firstBlock) return candidate;
  }
  return undefined;
}

function mayGo({ protections, nowMs }: Eviction, candidate: Candidate, open: boolean): boolean {
  return candidate.open === open && protections.of(candidate, nowMs) === undefined;
}
