/**
 * Who is a member, by heartbeat and lease, and the placement that follows. Decides only: time comes in
 * as numbers, and whoever calls persists and tells the changes.
 *
 *     (unknown) ──hello──▶ alive ──lease ends──▶ away ──grace ends──▶ (unknown)
 *                            ▲                     │
 *                            └──hello, heartbeat───┘
 *
 * Always true:
 *   - the placement number grows with each change of the members, and with nothing else;
 *   - a worker that is away for less than the grace time stays in the placement, so nothing moves;
 *   - after a restart of the master the members of before are away until they are heard of.
 */
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

export interface TickOutcome {
  readonly placementChanged: boolean;
  readonly lapsed: readonly string[];
  readonly removed: readonly string[];
}

export class Membership {
  #times: MembershipTimes;
  readonly #states = new Map<string, MemberState>();
  #number: number;

  constructor(times: MembershipTimes, placement: PlacementRecord, nowMs: number) {
    this.#times = times;
    this.#number = placement.number;
    for (const member of placement.members) {
      this.#states.set(member.workerId, {
        member,
        incarnation: '',
        alive: false,
        lastHeardMs: nowMs - times.leaseMs,
      });
    }
  }

  setGrace(graceMs: number): void {
    this.#times = { ...this.#times, graceMs };
  }

  hello(member: PlacementMember, incarnation: string, nowMs: number): HelloOutcome {
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
    return { number: this.#number, members: this.states().map(({ member }) => member) };
  }
}

function sameMember(a: PlacementMember, b: PlacementMember): boolean {
  return a.weightBytes === b.weightBytes && a.dataAddress === b.dataAddress && a.node === b.node;
}
