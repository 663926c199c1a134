/**
 * Who offers what to whom, and who gives up what, against a model of a cluster: workers come, go, drain and
 * return with what they had; some have no room; messages arrive in any order.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Placement } from '../../common/index.ts';
import type { PlacementMember } from '../../common/index.ts';
import { afterTaken, dutiesOf, stripesDue } from '../../worker/moves/duties.ts';
import { sha256, workers } from '../support/placements.ts';

const WORKERS = 6;
const OBJECTS = Array.from({ length: 24 }, (_, i) => ({
  id: sha256(i),
  stripes: i % 4 === 0 ? 3 : 1,
}));
const ALL = workers(WORKERS);

type Step =
  | { readonly kind: 'join' | 'die' | 'drain'; readonly worker: number }
  | { readonly kind: 'fetch'; readonly objects: readonly number[]; readonly worker: number }
  | { readonly kind: 'replicas'; readonly replicas: number };

const worker = fc.nat(WORKERS - 1);
const objects = fc.uniqueArray(fc.nat(OBJECTS.length - 1), { minLength: 1, maxLength: 12 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('join', 'die', 'drain'), worker }),
  fc.record({ kind: fc.constant('fetch'), objects, worker }),
  fc.record({ kind: fc.constant('replicas'), replicas: fc.integer({ min: 1, max: WORKERS + 1 }) }),
);

interface Offer {
  readonly from: string;
  readonly to: string;
  readonly object: string;
}

class ModelCluster {
  replicas = 1;
  /** By worker: of each object the stripes that are held; also of workers that are away. */
  readonly #held = new Map(ALL.map(({ workerId }) => [workerId, new Map<string, Set<number>>()]));
  readonly #takenBy = new Map<string, Set<string>>();
  readonly #members = new Map<string, PlacementMember>();
  readonly #full: ReadonlySet<string>;
  #number = 0;

  constructor(full: ReadonlySet<string>) {
    this.#full = full;
    for (const member of ALL.slice(0, WORKERS / 2)) this.#set(member, 'active');
  }

  get placement(): Placement {
    return new Placement(this.#number, [...this.#members.values()]);
  }

  apply(step: Step): void {
    if (step.kind === 'replicas') this.replicas = step.replicas;
    else if (step.kind === 'fetch') this.#fetch(step);
    else if (step.kind === 'join') this.#set(ALL[step.worker]!, 'active');
    else if (step.kind === 'drain') this.#drain(ALL[step.worker]!);
    else if (this.#members.size > 1) this.#members.delete(ALL[step.worker]!.workerId);
    this.#takenBy.clear();
  }

  /** Offers, pulls and receipts until nothing happens any more; `order` says which comes first. */
  settle(order: (count: number) => number): void {
    for (let rounds = 0; ; rounds += 1) {
      if (rounds > 50) throw new Error('objects move for ever');
      const offers = this.#offers();
      let hasChanged = false;
      while (offers.length > 0) {
        const [offer] = offers.splice(order(offers.length), 1);
        if (offer !== undefined && this.#deliver(offer)) hasChanged = true;
      }
      if (!hasChanged) return;
    }
  }

  /** Live workers that hold a stripe. */
  holders(object: string, stripe: number): string[] {
    return [...this.#members.keys()].filter(
      (id) => this.#held.get(id)?.get(object)?.has(stripe) === true,
    );
  }

  isHeldBy(id: string, object: string): boolean {
    return (this.#held.get(id)?.get(object)?.size ?? 0) > 0;
  }

  #set(member: PlacementMember, state: 'active' | 'leaving'): void {
    this.#members.set(member.workerId, { ...member, state });
    this.#number += 1;
  }

  #drain(member: PlacementMember): void {
    if (this.#members.has(member.workerId)) this.#set(member, 'leaving');
  }

  /** By whoever: the owner, or one that stands in for it. */
  #fetch({ objects, worker: by }: { objects: readonly number[]; worker: number }): void {
    const ids = [...this.#members.keys()];
    const id = ids[by % ids.length]!;
    for (const object of objects) {
      const { id: objectId, stripes } = OBJECTS[object]!;
      for (let stripe = 0; stripe < stripes; stripe += 1) this.#add(id, objectId, stripe);
    }
  }

  #add(id: string, object: string, stripe: number): void {
    const held = this.#held.get(id)!;
    held.set(object, (held.get(object) ?? new Set()).add(stripe));
  }

  #offers(): Offer[] {
    const { placement, replicas } = this;
    return [...this.#members.keys()].flatMap((from) =>
      [...this.#held.get(from)!].flatMap(([object, stripes]) => {
        const copy = { placement, workerId: from, objectId: object, replicas };
        const { others } = dutiesOf({ ...copy, stripes: [...stripes] });
        return others.map(({ workerId: to }) => ({ from, to, object }));
      }),
    );
  }

  /** @returns whether anything has changed */
  #deliver({ from, to, object }: Offer): boolean {
    const { placement, replicas } = this;
    const held = this.#held.get(from)?.get(object);
    // It was given up meanwhile: there is nothing to be had.
    if (held === undefined) return false;
    const copy = { placement, objectId: object, replicas };
    const due = stripesDue({ ...copy, workerId: to, stripes: [...held] });
    const missing = due.filter((stripe) => this.#held.get(to)?.get(object)?.has(stripe) !== true);
    if (missing.length > 0 && this.#full.has(to)) return false;
    for (const stripe of missing) this.#add(to, object, stripe);
    const key = `${from} ${object}`;
    const takenBy = (this.#takenBy.get(key) ?? new Set<string>()).add(to);
    this.#takenBy.set(key, takenBy);
    const fate = afterTaken({ ...copy, workerId: from, stripes: [...held] }, takenBy);
    if (fate === 'drop') this.#held.get(from)?.delete(object);
    return missing.length > 0 || fate === 'drop';
  }
}

const history = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 20 }),
  full: fc.uniqueArray(worker, { maxLength: 2 }),
  order: fc.infiniteStream(fc.nat()),
});

test('whatever comes and goes: nothing is lost, and in the end everything is where it belongs', () => {
  fc.assert(
    fc.property(history, ({ steps, full, order }) => {
      const fullIds = new Set(full.map((i) => ALL[i]!.workerId));
      const cluster = new ModelCluster(fullIds);
      const next = (count: number) => (order.next().value ?? 0) % count;
      for (const one of steps) {
        cluster.apply(one);
        const before = OBJECTS.map(({ id, stripes }) => stripesHeld(cluster, id, stripes));
        cluster.settle(next);
        const after = OBJECTS.map(({ id, stripes }) => stripesHeld(cluster, id, stripes));
        expect(after).toEqual(before);
        for (const { id, stripes } of OBJECTS) assertPlaced(cluster, id, stripes, fullIds);
      }
    }),
    { numRuns: 50 },
  );
});

function stripesHeld(cluster: ModelCluster, id: string, stripes: number): boolean[] {
  return Array.from({ length: stripes }, (_, i) => cluster.holders(id, i).length > 0);
}

function assertPlaced(
  cluster: ModelCluster,
  id: string,
  stripes: number,
  full: ReadonlySet<string>,
): void {
  const { placement, replicas } = cluster;
  const due = new Set<string>();
  for (let stripe = 0; stripe < stripes; stripe += 1) {
    const holders = cluster.holders(id, stripe);
    if (holders.length === 0) return;
    for (const { workerId } of placement.candidates(id, stripe, replicas)) {
      due.add(workerId);
      if (!full.has(workerId)) expect(holders).toContain(workerId);
    }
  }
  if ([...due].some((workerId) => full.has(workerId))) return;
  // One that is to have a stripe may have others of it, because a file is given up as a whole.
  for (const { workerId } of placement.everyone) {
    if (cluster.isHeldBy(workerId, id)) expect(due).toContain(workerId);
  }
}
