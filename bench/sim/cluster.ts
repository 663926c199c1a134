/**
 * The nodes with their caches, and who answers a read: the reader's own cache, the node that is responsible, or the
 * origin.
 *
 * - `owners`: rendezvous hashing (`Placement`) makes one node responsible for each object; the next in order get
 *   copies, as many as `replicas` says, where the policy finds room to spare;
 * - `first-toucher`: the node that reads an object first is responsible from then on, as if its owner pointed there;
 * - `alone`: every node for itself.
 */
import { Placement } from '../../common/index.ts';
import type { LookAhead } from '../../worker/admission/index.ts';
import type { Objects } from './objects.ts';
import type { CachePolicy, PolicySpec } from './policies/index.ts';

export const PLACEMENTS = ['owners', 'first-toucher', 'alone'] as const;
export type PlacementName = (typeof PLACEMENTS)[number];
export type Source = 'local' | 'peer' | 'origin';

export interface ClusterOptions {
  readonly objects: Objects;
  readonly nodes: number;
  /** The kept region of each node. */
  readonly nodeBytes: number;
  readonly placement: PlacementName;
  /** Of each object, the owner's included. Only with `owners`. */
  readonly replicas: number;
  readonly policy: PolicySpec;
  readonly jobs: number;
  readonly lookAhead: LookAhead;
}

const NOBODY = 0xffff;

export class Cluster {
  readonly #placement: PlacementName;
  readonly #caches: readonly CachePolicy[];
  readonly #replicas: number;
  /** Of each object the nodes that are responsible: `#replicas` of them, the owner first. */
  readonly #homes: Uint16Array;

  constructor(options: ClusterOptions) {
    const { objects, nodes, nodeBytes, placement, policy, jobs, lookAhead } = options;
    this.#placement = placement;
    const share = placement === 'alone' ? 1 : 1 / nodes;
    const cache = { objects, capacityBytes: nodeBytes, share, jobs, lookAhead };
    this.#caches = Array.from({ length: nodes }, () => policy.make(cache));
    this.#replicas = placement === 'owners' ? Math.min(options.replicas, nodes) : 1;
    this.#homes =
      placement === 'owners'
        ? homesOf(objects.count, nodes, this.#replicas)
        : new Uint16Array(objects.count).fill(NOBODY);
  }

  read(node: number, object: number): Source {
    const home = this.#homeOf(node, object);
    const own = this.#caches[node];
    const responsible = this.#caches[home];
    if (own === undefined || responsible === undefined) return 'origin';
    if (home !== node && own.holds(object)) return 'local';
    const isHit = responsible.read(object);
    if (this.#replicas > 1 && responsible.holds(object)) this.#copy(object);
    if (!isHit) return 'origin';
    return home === node ? 'local' : 'peer';
  }

  #copy(object: number): void {
    const first = object * this.#replicas;
    for (let at = first + 1; at < first + this.#replicas; at += 1) {
      const cache = this.#caches[this.#homes[at] ?? NOBODY];
      if (cache?.holds(object) === false) cache.copy?.(object);
    }
  }

  #homeOf(node: number, object: number): number {
    if (this.#placement === 'alone') return node;
    const home = this.#homes[object * this.#replicas] ?? NOBODY;
    if (home !== NOBODY) return home;
    this.#homes[object] = node;
    return node;
  }
}

function homesOf(objects: number, nodes: number, replicas: number): Uint16Array {
  const homes = new Uint16Array(objects * replicas);
  if (nodes === 1) return homes;
  const members = Array.from({ length: nodes }, (_, node) => ({
    workerId: `worker-${String(node)}`,
    weightBytes: 1,
    dataAddress: '',
    node: String(node),
    state: 'active' as const,
  }));
  const placement = new Placement(1, members);
  const nodeOf = new Map(members.map(({ workerId }, node) => [workerId, node]));
  for (let object = 0; object < objects; object += 1) {
    const name = `object-${String(object)}`;
    const first = placement.owner(name);
    const found = replicas === 1 ? [first] : placement.candidates(name, 0, replicas);
    for (const [place, member] of found.entries()) {
      homes[object * replicas + place] = nodeOf.get(member?.workerId ?? '') ?? NOBODY;
    }
  }
  return homes;
}
