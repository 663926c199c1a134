/**
 * Who is to have an object, and what becomes of a copy here once another worker has taken it.
 *
 *   - the owner has it, and of an object above one stripe the owner of each stripe that stripe;
 *   - where the dataset has `replicas`, so do the next candidates, until there are so many;
 *   - nobody else, though a copy stays until who is to have it has it.
 *
 * Always true: a copy is given up only after the owner of everything that is held of it has said that it has it.
 *
 * Computes only: no clock, no I/O.
 */
import { blockCount, STRIPE_BYTES, stripeOf } from '../../common/index.ts';
import type { ObjectRef, Placement, PlacementMember } from '../../common/index.ts';

export type Duty = 'owner' | 'replica' | 'none';

export interface Duties {
  /** Of this worker. */
  readonly mine: Duty;
  /** The other workers that are to have it, or a stripe of it. */
  readonly others: readonly PlacementMember[];
}

/** An object as a worker with this id sees it. */
export interface Copy {
  readonly placement: Placement;
  readonly workerId: string;
  readonly objectId: string;
  /** That are held of it, or asked about; [0] where it has one. */
  readonly stripes: readonly number[];
  /** Workers that are to have it, the owner among them. */
  readonly replicas: number;
}

export type CopiedObject = Pick<ObjectRef, 'objectId' | 'datasetId' | 'firstBlock' | 'sizeBytes'>;

/** Whether a copy is to be on this worker in any case: one that may be evicted, or one that may not. */
export type Wanted = 'protected' | 'evictable';

export type WantedCopyOf = (object: CopiedObject) => Wanted | undefined;

/** Blocks [first, end) of an object. */
export interface Blocks {
  readonly first: number;
  readonly end: number;
}

export function dutiesOf(copy: Copy): Duties {
  const { placement, workerId, objectId, stripes, replicas } = copy;
  const others = new Map<string, PlacementMember>();
  let mine: Duty = 'none';
  for (const stripe of stripes) {
    placement.candidates(objectId, stripe, replicas).forEach((member, i) => {
      if (member.workerId !== workerId) others.set(member.workerId, member);
      else if (i === 0) mine = 'owner';
      else if (mine === 'none') mine = 'replica';
    });
  }
  return { mine, others: [...others.values()] };
}

/**
 * Whom this worker tells of what has just come: the owner, and of those that are to have it the one after this
 * worker, which tells the next, so that copies spread as a chain.
 */
export function nextOf(copy: Copy): readonly PlacementMember[] {
  const { placement, workerId, objectId, stripes, replicas } = copy;
  const next = new Map<string, PlacementMember>();
  for (const stripe of stripes) {
    const members = placement.candidates(objectId, stripe, replicas);
    const at = members.findIndex((member) => member.workerId === workerId);
    for (const member of [members[0], members[at + 1]]) {
      if (member !== undefined && member.workerId !== workerId) next.set(member.workerId, member);
    }
  }
  return [...next.values()];
}

/**
 * What to do with a copy here after others have taken theirs.
 *
 * @param takenBy workers that said that they have their part of it
 */
export function afterTaken(copy: Copy, takenBy: ReadonlySet<string>): 'keep' | 'replica' | 'drop' {
  const { mine } = dutiesOf(copy);
  if (mine === 'owner') return 'keep';
  const { placement, objectId, stripes } = copy;
  const isTaken = stripes.every((stripe) => {
    const owner = placement.owner(objectId, stripe);
    return owner !== undefined && takenBy.has(owner.workerId);
  });
  if (!isTaken) return 'keep';
  return mine === 'replica' ? 'replica' : 'drop';
}

type Sized = Pick<ObjectRef, 'sizeBytes' | 'blockSizeBytes'>;

export function stripesOf({ sizeBytes }: Pick<ObjectRef, 'sizeBytes'>): number[] {
  const last = stripeOf(Math.max(0, sizeBytes - 1), sizeBytes);
  return Array.from({ length: last + 1 }, (_, stripe) => stripe);
}

export function blocksOfStripe({ sizeBytes, blockSizeBytes }: Sized, stripe: number): Blocks {
  const blocks = blockCount(sizeBytes, blockSizeBytes);
  if (sizeBytes <= STRIPE_BYTES) return { first: 0, end: blocks };
  const perStripe = STRIPE_BYTES / blockSizeBytes;
  return { first: stripe * perStripe, end: Math.min(blocks, (stripe + 1) * perStripe) };
}

/** Of an object's stripes those that this worker is to have. */
export function stripesDue(copy: Copy): number[] {
  return copy.stripes.filter((stripe) => dutiesOf({ ...copy, stripes: [stripe] }).mine !== 'none');
}
