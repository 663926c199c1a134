/**
 * Which workers are asked for bytes that are missing here, in which order, before the origin is.
 *
 *   1. known keepers, for what they have;
 *   2. whoever comes before this worker in rendezvous order, to fetch: the owner first;
 *      where this worker is to have a copy of its own anyway, 2 goes before 1 and the nearest before it first, so
 *      that copies spread as a chain: the owner, a keeper of all, would be asked by everybody otherwise;
 *   3. at the owner, while it has not heard what others have: those that are leaving and those that come after
 *      it, for what they have (all of them, where objects are kept where they are read first).
 *
 * What its owner has given to this worker is fetched from the origin without asking: everybody is sent here.
 *
 * Always true: two workers with the same placement never wait for each other, because each asks others to
 * fetch only that come before it.
 */
import { stripeOf } from '../../common/index.ts';
import type { ObjectRef, Placement, PlacementMember } from '../../common/index.ts';
import type { Keepers } from './keepers.ts';

export interface Ask {
  readonly member: PlacementMember;
  readonly mayFetch: boolean;
  /** It said that it has some of it: after a block that it lacks it may have the next. */
  readonly isKeeper: boolean;
}

export interface Route {
  readonly asks: readonly Ask[];
  /** Whether what comes is kept on this worker's disk: as owner, or as a copy. */
  readonly keeps: boolean;
}

export interface RouteFacts {
  readonly workerId: string;
  readonly placement: Placement | undefined;
  readonly keepers: Keepers;
  readonly replicas: number | 'all';
}

/** Of those before this worker, how many are asked: each that hangs costs a time-out. */
const MOST_BEFORE = 8;
/** Of those after the owner, how many are asked while it has not heard what they have. */
const MOST_AFTER = 2;

export function routeOf(
  ref: ObjectRef,
  offsetBytes: number,
  { workerId, placement, keepers, replicas }: RouteFacts,
): Route {
  const others = (members: readonly PlacementMember[]) =>
    members.filter((member) => member.workerId !== workerId);
  if (keepers.isMine(ref)) return { asks: [], keeps: true };
  const isScattered = keepers.isScattered(ref.datasetId);
  const held = others(keepers.keepersOf(ref)).map(asKeeper);
  const candidates =
    placement?.candidates(ref.objectId, stripeOf(offsetBytes, ref.sizeBytes)) ?? [];
  const at = candidates.findIndex((member) => member.workerId === workerId);
  if (at === 0 || candidates.length === 0) {
    const isSettled = candidates.length < 2 || keepers.isSettled();
    const leaving = others(placement?.leaving ?? []);
    const mostAfter = isScattered ? candidates.length : MOST_AFTER;
    const after = isSettled ? [] : [...leaving, ...candidates.slice(1, 1 + mostAfter)].map(toGive);
    // Who was given it fetches it, also for this worker.
    const given = isScattered ? held.map((ask) => ({ ...ask, mayFetch: true })) : held;
    return { asks: distinct([...given, ...after]), keeps: true };
  }
  const rank = at < 0 ? candidates.length : at;
  const isCopy = replicas === 'all' || rank < replicas;
  if (isCopy) {
    const before = candidates.slice(Math.max(0, rank - MOST_BEFORE), rank).reverse();
    return { asks: distinct([...before.map(toFetch), ...held]), keeps: true };
  }
  const before = candidates.slice(0, Math.min(rank, MOST_BEFORE));
  return { asks: distinct([...held, ...before.map(toFetch)]), keeps: false };
}

const asKeeper = (member: PlacementMember): Ask => ({ member, mayFetch: false, isKeeper: true });
const toGive = (member: PlacementMember): Ask => ({ member, mayFetch: false, isKeeper: false });
const toFetch = (member: PlacementMember): Ask => ({ member, mayFetch: true, isKeeper: false });

/** Each worker once with each right: a keeper that comes before this one is asked to fetch as well. */
function distinct(asks: readonly Ask[]): Ask[] {
  const seen = new Set<string>();
  return asks.filter(({ member, mayFetch }) => {
    const key = `${member.workerId} ${String(mayFetch)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
