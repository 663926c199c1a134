/** What each reason for a place means for it, and how often each was the reason. */
import type { Decision, EvictionReason, PlaceReason, Region } from './types.ts';

const REGION_OF = {
  fits: 'kept',
  'below threshold': 'kept',
  'above threshold': 'transit',
  'sooner use': 'kept',
  'later use': 'transit',
  'over quota': 'transit',
  pinned: 'kept',
  'kept until': 'kept',
  replica: 'replica',
  'nothing to spare': 'transit',
  'too large': 'transit',
} as const satisfies Record<PlaceReason, Region>;

/** One of each: a decision costs no memory. */
const DECISIONS = new Map<PlaceReason, Decision>(
  Object.entries(REGION_OF).map(([reason, region]) => [
    reason as PlaceReason,
    { region, reason: reason as PlaceReason },
  ]),
);

/** For people: where an object goes, or that it leaves, and why. */
export interface CountedDecision {
  readonly decision: Region | 'evicted';
  readonly reason: PlaceReason | EvictionReason;
  readonly count: number;
}

export class DecisionCounts {
  readonly places = new Map<PlaceReason, number>();
  readonly evictions = new Map<EvictionReason, number>();

  placed(reason: PlaceReason): Decision {
    count(this.places, reason);
    return decisionOf(reason);
  }

  evicted(reason: EvictionReason): void {
    count(this.evictions, reason);
  }
}

/** What it would be: not counted. */
export function decisionOf(reason: PlaceReason): Decision {
  return DECISIONS.get(reason) ?? { region: REGION_OF[reason], reason };
}

/** Of several disks together, by decision and reason. */
export function totalDecisions(
  disks: readonly Pick<DecisionCounts, 'places' | 'evictions'>[],
): CountedDecision[] {
  const totals = new Map<string, CountedDecision>();
  const add = (
    decision: CountedDecision['decision'],
    reason: CountedDecision['reason'],
    n: number,
  ) => {
    const key = `${decision}/${reason}`;
    totals.set(key, { decision, reason, count: n + (totals.get(key)?.count ?? 0) });
  };
  for (const { places, evictions } of disks) {
    for (const [reason, n] of places) add(REGION_OF[reason], reason, n);
    for (const [reason, n] of evictions) add('evicted', reason, n);
  }
  return [...totals.values()].sort((a, b) => b.count - a.count);
}

function count<T>(counts: Map<T, number>, reason: T): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
