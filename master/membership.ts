/**
 * Who is a member, by heartbeat and lease, and the placement that follows. Decides only: time comes in
 * as numbers, and whoever calls persists and tells the changes.
 *
 *     (unknown) ──hello──▶ alive ──lease ends──▶ away ──grace ends──▶ (unknown)
 *                            ▲                     │
 *                            └──hello, heartbeat───┘
 *
 * Always true:
 *   - the placement number grows with each change of the members or of who is to leave, and with nothing
 *     else;
 *   - a worker that is away for less than the grace time stays in the placement, so nothing moves;
 *   - after a restart of the master the members of before are away until they are heard of;
 *   - an identity has one process at a time: a copy of it on another host gets in only when the lease of
 *     the first has ended (`claim`);
 *   - who is to leave stays so until that is cancelled or the worker is forgotten, also while it is away
 *     or no member any more.
 */
import { LarderError } from '../common/index.ts';
import type { PlacementMember } from '../common/index.ts';
import type { PlacementRecord } from './records.ts';

export interface MembershipTimes {
  /** Without a heartbeat for this long a worker is away. */
  readonly leaseMs: number;
  /** Away for this long, it is no member any more. */
  readonly graceMs: number;
}

export interface MemberState {
  readonly member: PlacementMember;
  /** Of its process; empty until it said hello to this master. */
  readonly incarnation: string;
  readonly alive: boolean;
  readonly lastHeardMs: number;
}

export interface HelloOutcome {
  readonly placementChanged: boolean;
  /** Another process than before: what was reported before means nothing. */
  readonly restarted: boolean;
}

/** What is to be done with a hello: see `claim`. */
export type Claim = 'admit' | 'ask-first' | 'refuse';

export interface TickOutcome {
  readonly placementChanged: boolean;
  readonly lapsed: readonly string[];
  readonly removed: readonly string[];
}

/** So many workers that were drained and are no members any more are remembered: 400 KiB. */
const MAX_DRAINED = 10_000;

export class Membership {
  #times: MembershipTimes;
  readonly #states = new Map<string, MemberState>();
  /** Workers that are to leave, or have left, in the order in which that was decided. */
  readonly #drained: Set<string>;
  #number: number;

  constructor(times: MembershipTimes, placement: PlacementRecord, nowMs: number) {
    this.#times = times;
    this.#number = placement.number;
    this.#drained = new Set(placement.drained);
    for (const member of placement.members) {
      this.#states.set(member.workerId, {
        member: this.#withState(member),
        incarnation: '',
        alive: false,
        lastHeardMs: nowMs - times.leaseMs,
      });
    }
  }

  /** Of the placement. */
  get number(): number {
    return this.#number;
  }

  setGrace(graceMs: number): void {
    this.#times = { ...this.#times, graceMs };
  }

  /**
   * Whether a process may be this worker now.
   *
   * A process that was started again with the same cache directory is at once: on its host the directory's
   * lock keeps others out, so the one of before is dead, unless it still answers on its stream
   * (`ask-first`). A copy of the directory, or its disk in another host, has to wait until the lease of
   * the first has ended; after a restart of the master the first has a lease's time to come back.
   */
  claim(
    member: Pick<PlacementMember, 'workerId' | 'node'>,
    incarnation: string,
    nowMs: number,
  ): Claim {
    const before = this.#states.get(member.workerId);
    if (before === undefined || before.incarnation === incarnation) return 'admit';
    const { leaseMs } = this.#times;
    const unheard = before.incarnation === '' && nowMs - before.lastHeardMs < 2 * leaseMs;
    if (before.member.node !== member.node) return before.alive || unheard ? 'refuse' : 'admit';
    return before.alive ? 'ask-first' : 'admit';
  }

  hello(said: PlacementMember, incarnation: string, nowMs: number): HelloOutcome {
    const member = this.#withState(said);
    const before = this.#states.get(member.workerId);
    this.#states.set(member.workerId, { member, incarnation, alive: true, lastHeardMs: nowMs });
    const placementChanged = before === undefined || !sameMember(before.member, member);
    if (placementChanged) this.#number += 1;
    return { placementChanged, restarted: before?.incarnation !== incarnation };
  }

  /** Of a worker that is no member any more: ignored, it has to say hello. */
  heartbeat(workerId: string, nowMs: number): void {
    const state = this.#states.get(workerId);
    if (state !== undefined) {
      this.#states.set(workerId, { ...state, alive: true, lastHeardMs: nowMs });
    }
  }

  /** The master stood still for so long: nobody was silent in that time, it only was not heard. */
  stoodStill(ms: number): void {
    for (const [workerId, state] of this.#states) {
      this.#states.set(workerId, { ...state, lastHeardMs: state.lastHeardMs + ms });
    }
  }

  /**
   * From now on, or no longer, these are to leave.
   *
   * @param worker a worker's id, or the name of a node: all workers there
   * @returns their ids
   * @throws {LarderError} `NOT_FOUND`; `NO_ROOM_ELSEWHERE` where no active member would be left
   */
  drain(worker: string, leave: boolean): string[] {
    const found = this.#find(worker);
    const ids = found.length === 0 && !leave && this.#drained.has(worker) ? [worker] : found;
    if (ids.length === 0) throw new LarderError('NOT_FOUND', { worker });
    const stays = ({ member }: MemberState) =>
      member.state === 'active' && !ids.includes(member.workerId);
    if (leave && !this.states().some(stays)) {
      throw new LarderError('NO_ROOM_ELSEWHERE', { worker, otherActiveWorkers: 0 });
    }
    const changed = ids.filter((id) => this.#drained.has(id) !== leave);
    for (const id of changed) {
      if (leave) this.#drained.add(id);
      else this.#drained.delete(id);
      const state = this.#states.get(id);
      if (state !== undefined) {
        this.#states.set(id, { ...state, member: this.#withState(state.member) });
      }
    }
    for (const id of this.#drained) {
      if (this.#drained.size <= MAX_DRAINED) break;
      this.#drained.delete(id);
    }
    if (changed.length > 0) this.#number += 1;
    return ids;
  }

  /**
   * Ends the grace time of members that are away.
   *
   * @param worker as for `drain`
   * @returns their ids
   * @throws {LarderError} `NOT_FOUND`; `INVALID_ARGUMENT` where one is alive
   */
  forget(worker: string): string[] {
    const ids = this.#find(worker);
    if (ids.length === 0) throw new LarderError('NOT_FOUND', { worker });
    const alive = ids.filter((id) => this.isAlive(id));
    if (alive.length > 0) {
      const expected = 'workers that are away; stop this one first';
      throw new LarderError('INVALID_ARGUMENT', { worker, alive: alive.join(' '), expected });
    }
    for (const id of ids) {
      this.#states.delete(id);
      this.#drained.delete(id);
    }
    this.#number += 1;
    return ids;
  }

  tick(nowMs: number): TickOutcome {
    const lapsed: string[] = [];
    const removed: string[] = [];
    for (const [workerId, state] of this.#states) {
      const silentMs = nowMs - state.lastHeardMs;
      if (silentMs >= this.#times.leaseMs + this.#times.graceMs) {
        this.#states.delete(workerId);
        removed.push(workerId);
      } else if (state.alive && silentMs >= this.#times.leaseMs) {
        this.#states.set(workerId, { ...state, alive: false });
        lapsed.push(workerId);
      }
    }
    if (removed.length > 0) this.#number += 1;
    return { placementChanged: removed.length > 0, lapsed, removed };
  }

  /** By worker id. */
  states(): MemberState[] {
    return [...this.#states.values()].sort((a, b) =>
      a.member.workerId < b.member.workerId ? -1 : 1,
    );
  }

  state(workerId: string): MemberState | undefined {
    return this.#states.get(workerId);
  }

  isAlive(workerId: string): boolean {
    return this.#states.get(workerId)?.alive === true;
  }

  /** Members that are away included: they own what they own until the grace time is over. */
  placement(): PlacementRecord {
    const members = this.states().map(({ member }) => member);
    return { number: this.#number, members, drained: [...this.#drained] };
  }

  #withState(member: PlacementMember): PlacementMember {
    return { ...member, state: this.#drained.has(member.workerId) ? 'leaving' : 'active' };
  }

  /** Members with this id, or on this node. */
  #find(worker: string): string[] {
    if (this.#states.has(worker)) return [worker];
    return this.states()
      .filter(({ member }) => member.node === worker)
      .map(({ member }) => member.workerId);
  }
}

function sameMember(a: PlacementMember, b: PlacementMember): boolean {
  return (
    a.weightBytes === b.weightBytes &&
    a.dataAddress === b.dataAddress &&
    a.node === b.node &&
    a.state === b.state
  );
}
