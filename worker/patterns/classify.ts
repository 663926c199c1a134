/**
 * What the passes over a version say of how it is read.
 *
 *   - `repeated`: the same order again;
 *   - `shuffled`: a new order each pass;
 *   - `partitioned`: an object comes again to the node that touched it before, whatever the order;
 *   - `unknown`: there was no second pass yet, or under half of the touches were seen here (the page cache and
 *     passthrough files answer without us), or it is neither.
 */
import { LEAST_OBJECTS } from './passes.ts';
import type { PassEvidence } from './passes.ts';

export type PatternKind = 'unknown' | 'repeated' | 'shuffled' | 'partitioned';

export interface Pattern extends PassEvidence {
  readonly kind: PatternKind;
  /** Of what was to be touched here in the last pass, the share that was seen. */
  readonly seenShare: number;
}

/** Less is too little to go by. */
const SEEN_SHARE = 1 / 2;
/**
 * Readers that run beside each other move an object by a few places, a shuffle buffer by a few percent of a pass:
 * 0.99 and more. A new permutation gives 0 ± 1/√objects.
 */
export const SAME_ORDER = 0.8;
const NEW_ORDER = 0.5;
/** Where less comes to the node that touched it before, the owner by hash is as good. */
const SAME_NODE = 1 / 2;

/** @param expectedObjects that are to be touched here in one pass */
export function classify(evidence: PassEvidence, expectedObjects: number): Pattern {
  const seenShare = Math.min(1, evidence.seenObjects / Math.max(1, expectedObjects));
  const all = { ...evidence, seenShare };
  if (evidence.passes === 0 || evidence.seenObjects < LEAST_OBJECTS || seenShare < SEEN_SHARE) {
    return { ...all, kind: 'unknown' };
  }
  if (isPartitioned(evidence)) return { ...all, kind: 'partitioned' };
  return { ...all, kind: orderOf(evidence) };
}

function orderOf({ correlation }: PassEvidence): PatternKind {
  if (correlation === undefined) return 'unknown';
  if (correlation >= SAME_ORDER) return 'repeated';
  return Math.abs(correlation) < NEW_ORDER ? 'shuffled' : 'unknown';
}

/** One node alone is no partition. By chance an object comes to the same node as 1 / nodes of the time. */
function isPartitioned(evidence: PassEvidence): boolean {
  const { touchers, cameAgain, cameToSame, seenObjects } = evidence;
  if (touchers < 2 || cameAgain < Math.max(LEAST_OBJECTS, seenObjects / 4)) return false;
  const chance = 1 / touchers;
  return cameToSame / cameAgain >= Math.max(SAME_NODE, (1 + chance) / 2);
}
