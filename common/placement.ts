/**
 * Who owns an object: weighted rendezvous hashing over the members. Computed by everyone, stored
 * nowhere. Objects above one stripe are owned stripe by stripe.
 *
 * Always true: two processes with the same placement number compute the same order; when a member
 * leaves, only what it owned moves, and when one comes, objects move to it alone.
 */
import { ownerHash, ownerMix, ownerScore, ownerSeed } from './hash.ts';
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
  /** One that is leaving owns nothing new, and serves what it has until others have it. */
  readonly state: 'active' | 'leaving';
}

export class Placement {
  readonly number: number;
  /** That own: the active ones. While there is none, those that are leaving, so that reads go on. */
  readonly members: readonly PlacementMember[];
  readonly leaving: readonly PlacementMember[];
  /** Active and leaving, each once. */
  readonly everyone: readonly PlacementMember[];
  /** Of `members`, in their order: what a look-up reads of each. */
  readonly #hashes: Uint32Array;
  readonly #seeds: Uint32Array;
  readonly #weights: Float64Array;

  constructor(number: number, members: readonly PlacementMember[]) {
    this.number = number;
    this.everyone = members.filter((member) => member.weightBytes > 0);
    this.leaving = this.everyone.filter((member) => member.state === 'leaving');
    const active = this.everyone.filter((member) => member.state !== 'leaving');
    this.members = active.length > 0 ? active : this.leaving;
    this.#hashes = Uint32Array.from(this.members, ({ workerId }) =>
      ownerHash(Buffer.from(workerId)),
    );
    this.#seeds = this.#hashes.map(ownerSeed);
    this.#weights = Float64Array.from(this.members, ({ weightBytes }) => weightBytes);
  }

  static readonly empty: Placement = new Placement(0, []);

  /** As if there were no others than these: of what they have in common with this one the order is the same. */
  among(workerIds: ReadonlySet<string>): Placement {
    const members = this.members.filter(({ workerId }) => workerIds.has(workerId));
    return new Placement(this.number, members);
  }

  /**
   * Members in the order in which they are asked: the owner first, then who comes next while those before
   * cannot be reached.
   *
   * @param count the best so many; default all of them, which costs a sort
   */
  candidates(objectId: string, stripe = 0, count: number = this.members.length): PlacementMember[] {
    const object = objectHash(objectId, stripe);
    const best = new Best(Math.min(count, this.members.length), this.members);
    if (count >= this.members.length / SORT_SHARE) best.sortAll((i) => this.#score(object, i));
    else this.#offerAll(object, best);
    return best.members();
  }

  owner(objectId: string, stripe = 0): PlacementMember | undefined {
    const object = objectHash(objectId, stripe);
    let owner = -1;
    let highest = 0;
    for (let i = 0; i < this.#weights.length; i += 1) {
      const mixed = this.#mix(object, i);
      const weight = this.#weights[i] ?? 0;
      if (isBelow(mixed, weight, highest)) continue;
      const score = ownerScore(mixed, weight);
      if (score > highest || (score === highest && this.#precedes(i, owner))) {
        highest = score;
        owner = i;
      }
    }
    return this.members[owner];
  }

  #offerAll(object: number, best: Best): void {
    for (let i = 0; i < this.#weights.length; i += 1) {
      const mixed = this.#mix(object, i);
      const weight = this.#weights[i] ?? 0;
      if (!isBelow(mixed, weight, best.lowest)) best.offer(i, ownerScore(mixed, weight));
    }
  }

  #score(object: number, i: number): number {
    return ownerScore(this.#mix(object, i), this.#weights[i] ?? 0);
  }

  #mix(object: number, i: number): number {
    return ownerMix(object, this.#hashes[i] ?? 0, this.#seeds[i] ?? 0);
  }

  #precedes(a: number, b: number): boolean {
    return (this.members[a]?.workerId ?? '') < (this.members[b]?.workerId ?? '');
  }
}

/** Asked for more than this share of the members, a sort of all is quicker than keeping the best. */
const SORT_SHARE = 8;

/** The best few of what is offered, best first; of equal scores the lower worker id. */
class Best {
  /** What a newcomer has to reach; 0 while there is room. */
  lowest = 0;
  readonly #count: number;
  readonly #members: readonly PlacementMember[];
  #entries: { readonly index: number; readonly score: number }[] = [];

  constructor(count: number, members: readonly PlacementMember[]) {
    this.#count = count;
    this.#members = members;
  }

  offer(index: number, score: number): void {
    if (this.#count === 0) return;
    const entry = { index, score };
    let at = this.#entries.length;
    while (at > 0 && this.#compare(entry, this.#entries[at - 1] ?? entry) < 0) at -= 1;
    if (at >= this.#count) return;
    this.#entries.splice(at, 0, entry);
    if (this.#entries.length > this.#count) this.#entries.pop();
    if (this.#entries.length === this.#count) this.lowest = this.#entries.at(-1)?.score ?? 0;
  }

  sortAll(score: (index: number) => number): void {
    this.#entries = this.#members
      .map((_, index) => ({ index, score: score(index) }))
      .sort((a, b) => this.#compare(a, b))
      .slice(0, this.#count);
  }

  members(): PlacementMember[] {
    return this.#entries.flatMap(({ index }) => this.#members[index] ?? []);
  }

  #compare(a: { index: number; score: number }, b: { index: number; score: number }): number {
    if (a.score !== b.score) return b.score - a.score;
    return (this.#members[a.index]?.workerId ?? '') < (this.#members[b.index]?.workerId ?? '')
      ? -1
      : 1;
  }
}

/**
 * Whether a member's score is surely below `score`, without its logarithm, which is most of the cost of
 * a look-up: −ln u ≥ 1 − u, so a score is at most weight / (1 − u). The factor keeps equal ones in.
 */
function isBelow(mixed: number, weight: number, score: number): boolean {
  return weight < score * ((4294967295.5 - mixed) / 4294967296) * 0.999999;
}

/** The stripe that an offset lies in; 0 for objects of one stripe. */
export function stripeOf(offsetBytes: number, sizeBytes: number): number {
  return sizeBytes > STRIPE_BYTES ? Math.floor(offsetBytes / STRIPE_BYTES) : 0;
}

/** Object ids are 64 hexadecimal digits; what does not fit gets memory of its own. */
const scratch = Buffer.alloc(512);

function objectHash(objectId: string, stripe: number): number {
  const name = stripe === 0 ? objectId : `${objectId}/${String(stripe)}`;
  if (3 * name.length > scratch.length) return ownerHash(Buffer.from(name));
  return ownerHash(scratch, scratch.write(name));
}
