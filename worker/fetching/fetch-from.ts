/** What is fetched, and whom it may be asked of. */
import type { PlacementMember } from '../../common/index.ts';
import type { ReadOptions } from '../object-reads.ts';
import type { ReadOrigin } from '../peers/peer-reads.ts';

/** Whose bytes are fetched. */
export interface FetchFrom extends ReadOrigin {
  /** False: those who could be asked were, and the origin is to be read. */
  readonly askPeers: boolean;
  /** The only one that is asked, for what it has; nothing is fetched for it. */
  readonly keeper?: PlacementMember;
}

/** Of this worker's own accord: nobody waits. */
export const OWN_ACCORD: FetchFrom = {
  hops: 0,
  mayPassOn: true,
  deadlineAtMs: Infinity,
  askPeers: true,
};

/** Of a reader that waits as long as its signal allows, others are asked for a bounded time anyway. */
export function fetchFrom(options: ReadOptions): FetchFrom {
  const { hops = 0, mayPassOn = true, deadlineAtMs = Infinity } = options;
  return { hops, mayPassOn, deadlineAtMs, askPeers: true };
}
