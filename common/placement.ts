/**
 * Who owns an object: weighted rendezvous hashing over the members. Computed by everyone, stored
 * nowhere. Objects above one stripe are owned stripe by stripe.
 *
 * Always true: two processes with the same placement number compute the same order; when a member
 * leaves, only what it owned moves.
 */
import { ownerHash, ownerScore } from './hash.ts';
import { STRIPE_BYTES } from './limits.ts';

export interface PlacementMember {
  /** Stable over restarts; kept in the cache directory. */
  readonly workerId: string;
  /** Cache capacity. */
  readonly weightBytes: number;
  /** `host:port` of the data plane. */
  readonly dataAddress: string;
  /** Host name. */
  readonly node: string;
}

export class Placement {
  readonly number: number;
  readonly members: readonly PlacementMember[];
  readonly #hashes: readonly number[];

  constructor(number: number, members: readonly PlacementMember[]) {
    this.number = number;
    this.members = members.filter((member) => member.weightBytes > 0);
    this.#hashes = this.members.map((member) => ownerHash(Buffer.from(member.workerId)));
  }

  static readonly empty: Placement = new Placement(0, []);

  /** Every member, the owner first, then who comes next while those before cannot be reached. */
  candidates(objectId: string, stripe = 0): PlacementMember[] {
    const object = objectHash(objectId, stripe);
    return this.members
      .map((member, i) => ({
        member,
        score: ownerScore(object, this.#hashes[i] ?? 0, member.weightBytes),
      }))
      .sort((a, b) => b.score - a.score || (a.member.workerId < b.member.workerId ? -1 : 1))
      .map(({ member }) => member);
  }

  owner(objectId: string, stripe = 0): PlacementMember | undefined {
    return this.candidates(objectId, stripe)[0];
  }
}

/** The stripe that an offset lies in; 0 for objects of one stripe. */
export function stripeOf(offsetBytes: number, sizeBytes: number): number {
  return sizeBytes > STRIPE_BYTES ? Math.floor(offsetBytes / STRIPE_BYTES) : 0;
}

function objectHash(objectId: string, stripe: number): number {
  return ownerHash(Buffer.from(stripe === 0 ? objectId : `${objectId}/${String(stripe)}`));
}
