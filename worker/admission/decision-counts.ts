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

export class DecisionCounts {
  readonly places = new Map<PlaceReason, number>();
  readonly evictions = new Map<EvictionReason, number>();

  placed(reason: PlaceReason): Decision {
    count(this.places, reason);
    return DECISIONS.get(reason) ?? { region: REGION_OF[reason], reason };
  }

  evicted(reason: EvictionReason): void {
    count(this.evictions, reason);
  }
}

function count<T>(counts: Map<T, number>, reason: T): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
