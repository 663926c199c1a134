/**
 * The workers that this master knows: their streams, their membership, what they report.
 *
 * Always true: a worker has at most one session: a newer one of the same process, or of the one that was
 * started after it, ends the older.
 */
import { LarderError, PROTOCOL_VERSION, SparseWarning } from '../common/index.ts';
import type { Clock, Logger, PlacementMember } from '../common/index.ts';
import type { Heartbeat__Output } from '../proto/generated/larder/v1/Heartbeat.ts';
import type { Hello__Output } from '../proto/generated/larder/v1/Hello.ts';
import type { MasterMessage } from '../proto/generated/larder/v1/MasterMessage.ts';
import type { Placement } from '../proto/generated/larder/v1/Placement.ts';
import type { ReplicaSettings } from '../proto/generated/larder/v1/ReplicaSettings.ts';
import type { WorkerMessage__Output } from '../proto/generated/larder/v1/WorkerMessage.ts';
import type { WorkerStatus } from '../proto/generated/larder/v1/WorkerStatus.ts';
import { fromFailure, memberFromWire } from '../rpc/grpc/index.ts';
import type { ServerStream } from '../rpc/grpc/index.ts';
import { Signal, untilAborted, withDeadline } from './async.ts';
import { Breather } from './breathe.ts';
import { BudgetFeed } from './budget-feed.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { FirstTouchers } from './first-touchers.ts';
import { HeldBlocks } from './held.ts';
import type { HeldLimits } from './held.ts';
import { lastCopies, NO_COPIES } from './last-copies.ts';
import { Membership } from './membership.ts';
import type { BudgetState, DatasetBudget } from './origin-budgets.ts';
import { PlacementFeed } from './placement-feed.ts';
import type { MasterTimes } from './options.ts';
import type { Predictions } from './predictions.ts';
import type { PlacementRecord } from './records.ts';
import { Reports } from './reports.ts';
import { answersProbe, WorkerSession } from './worker-session.ts';
import { workerStatus } from './worker-status.ts';

export interface WorkersOptions {
  readonly store: CatalogStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times: MasterTimes;
  /** Of this reign; also keeps command numbers apart from those of earlier ones. */
  readonly term: number;
  readonly placement: PlacementRecord;
  /** What workers are told of it, as it is now. */
  readonly replicas: () => ReplicaSettings;
  /** Of origins: of all datasets that have one, as it is now. */
  readonly budgets: () => readonly DatasetBudget[];
  /** What they are not to evict, as it is now. */
  readonly protections: () => Iterable<MasterMessage>;
  readonly firstTouchers: FirstTouchers;
  /** Of what workers may report. */
  readonly limits: HeldLimits;
  readonly predictions: Predictions;
}

type JoinStream = ServerStream<WorkerMessage__Output, MasterMessage>;

const TERM_SHIFT = 2 ** 32;
/** A worker whose identity somebody claims has this share of a lease to say that it is there. */
const CLAIM_SHARE = 1 / 2;

export class Workers {
  readonly held: HeldBlocks;
  /** Notified when a worker has joined or was lost, and when the placement is another one. */
  readonly changed = new Signal();
  readonly #options: WorkersOptions;
  readonly #membership: Membership;
  readonly #reports: Reports;
  readonly #sessions = new Map<string, WorkerSession>();
  readonly #heartbeats = new Map<string, Heartbeat__Output>();
  readonly #feed: PlacementFeed;
  readonly #budgets: BudgetFeed;
  readonly #unkept: SparseWarning;
  readonly #ending = new AbortController();
  #commands = 0;
  #lastTickMs: number;

  constructor(options: WorkersOptions) {
    this.#options = options;
    const nowMs = options.clock.monotonicMs();
    this.#lastTickMs = nowMs;
    this.#membership = new Membership(options.times, options.placement, nowMs);
    this.#unkept = new SparseWarning(options.clock, options.log);
    this.#feed = new PlacementFeed({
      ...options,
      decided: () => this.#membership.placement(),
      tell: (message, placement) => {
        options.predictions.placed(placement);
        return this.#tell(message);
      },
    });
    this.#budgets = new BudgetFeed({
      clock: options.clock,
      budgets: options.budgets,
      members: () => this.#budgetMembers(),
      tell: (workerId, message) => void this.#sessions.get(workerId)?.send(message),
    });
    this.held = new HeldBlocks(options.limits);
    this.#reports = new Reports({ ...options, held: this.held });
    options.predictions.placed(options.placement);
  }

  /** As persisted and told. */
  get placement(): PlacementRecord {
    return this.#feed.current;
  }

  /** Sessions of workers that are alive. */
  sessions(): WorkerSession[] {
    return [...this.#sessions.values()].filter(({ workerId }) =>
      this.#membership.isAlive(workerId),
    );
  }

  session(workerId: string): WorkerSession | undefined {
    return this.sessions().find((session) => session.workerId === workerId);
  }

  aliveIds(): string[] {
    return this.#membership
      .states()
      .filter(({ alive }) => alive)
      .map(({ member }) => member.workerId);
  }

  /** Serves one Join stream until it ends. */
  async join(stream: JoinStream, signal: AbortSignal): Promise<void> {
    const messages = stream.messages[Symbol.asyncIterator]();
    const { clock, times } = this.#options;
    const first = await withDeadline(messages.next(), times.leaseMs, clock, 'hello');
    const hello = first.done === true ? null : (first.value.hello ?? null);
    const session = await this.#admit(stream, hello);
    const { workerId } = session;
    try {
      await this.#welcome(session);
      const ends = AbortSignal.any([session.closed, signal, this.#ending.signal]);
      const rest = { [Symbol.asyncIterator]: () => messages };
      for await (const message of untilAborted(rest, ends)) {
        const applied = this.#receive(session, message);
        if (applied !== undefined) await applied;
      }
    } finally {
      session.close(new LarderError('UNAVAILABLE', { worker: workerId, what: 'the stream ended' }));
      if (this.#sessions.get(workerId) === session) this.#sessions.delete(workerId);
      this.#options.log.info({ worker: workerId }, 'a worker left its stream');
      this.changed.notify();
    }
  }

  /** The placement now, and the newest after changes. */
  watchPlacement(signal: AbortSignal): AsyncIterable<Placement> {
    return this.#feed.watch(signal);
  }

  setGrace(graceMs: number): void {
    this.#membership.setGrace(graceMs);
  }

  /** Tells every worker how many copies objects are to have, where they are kept, and how fast origins may be read. */
  settingsChanged(): void {
    this.#budgets.divide();
    this.#tellReplicas();
  }

  tellAll(message: MasterMessage): void {
    for (const session of this.#sessions.values()) void session.send(message);
  }

  #tellReplicas(): void {
    this.tellAll({ replicas: this.#options.replicas() });
  }

  /** By dataset, of those whose origin has a budget. */
  originBudgets(): Map<number, BudgetState> {
    return this.#budgets.states();
  }

  /** Judges leases; to be called several times per lease. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const sinceTickMs = nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    if (sinceTickMs > this.#options.times.leaseMs / 2) {
      // This process stood still: heartbeats of that time are in its sockets, to be read first, and
      // workers that gave up on it have to find their way back.
      this.#membership.stoodStill(sinceTickMs);
      return;
    }
    const outcome = this.#membership.tick(nowMs);
    for (const worker of outcome.lapsed) {
      this.#options.log.warn({ worker }, 'a worker is silent');
      this.#sessions
        .get(worker)
        ?.close(new LarderError('UNAVAILABLE', { worker, what: 'its lease ended' }));
    }
    for (const worker of outcome.removed) {
      this.#options.log.warn({ worker }, 'a worker is no member any more');
      this.#forget(worker);
    }
    // What could not be kept the last time is tried again.
    if (this.#membership.number !== this.placement.number) this.#publish();
    if (outcome.lapsed.length + outcome.removed.length > 0) this.changed.notify();
  }

  /** Asks every worker that is alive for its numbers as they are now; waits at most `timeoutMs`. */
  async probe(timeoutMs: number): Promise<void> {
    const answers = this.sessions().map(
      (session) =>
        new Promise<void>((resolve) => {
          session.start((command) => ({ probe: { command } }), { onEnd: () => resolve() });
        }),
    );
    const { clock } = this.#options;
    await withDeadline(Promise.all(answers), timeoutMs, clock, 'probe').catch(() => undefined);
  }

  status(): WorkerStatus[] {
    const actives = this.sessions().filter(({ workerId }) => !this.#isLeaving(workerId));
    const activeIds = actives.map(({ workerId }) => workerId);
    return this.#membership.states().map(({ member, alive }) => {
      const { workerId } = member;
      const reported = this.session(workerId)?.heldReported === true;
      const isLeaving = member.state === 'leaving';
      const last = isLeaving ? lastCopies(this.held, workerId, activeIds) : NO_COPIES;
      const facts = {
        ...{ member, alive, lastCopyBytes: last.bytes },
        softwareVersion: this.#sessions.get(workerId)?.softwareVersion,
        isDrained: isLeaving && reported && last.blocks === 0,
      };
      return workerStatus(facts, this.#heartbeats.get(workerId));
    });
  }

  /** @see Membership.drain; resolves when it is persisted and told */
  async drain(worker: string, leave: boolean): Promise<string[]> {
    const workers = this.#membership.drain(worker, leave);
    this.#options.log.info({ workers, leave }, 'workers are to leave, or no longer');
    await this.#feed.publish();
    return workers;
  }

  /** @see Membership.forget; resolves when it is persisted and told */
  async forget(worker: string): Promise<string[]> {
    const workers = this.#membership.forget(worker);
    for (const id of workers) this.#forget(id);
    await this.#feed.publish();
    return workers;
  }

  /** Ends all streams, and waits until what was decided is persisted. */
  async close(): Promise<void> {
    this.#ending.abort(new LarderError('UNAVAILABLE', { what: 'the master is stopping' }));
    await this.#feed.close();
  }

  #budgetMembers() {
    return this.#membership.states().map(({ member: { workerId, weightBytes } }) => ({
      ...{ workerId, weightBytes, isConnected: this.#sessions.has(workerId) },
    }));
  }

  #isLeaving(workerId: string): boolean {
    return this.#membership.state(workerId)?.member.state === 'leaving';
  }

  #forget(workerId: string): void {
    this.held.forgetWorker(workerId);
    this.#heartbeats.delete(workerId);
    this.#budgets.forget(workerId);
    this.#options.firstTouchers.forget(workerId);
  }

  /** @throws {LarderError} `WORKER_ID_TAKEN` where another process lives as this worker */
  async #assertFree(member: PlacementMember, incarnation: string): Promise<void> {
    const { clock, times, log } = this.#options;
    const { workerId, node } = member;
    for (;;) {
      const claim = this.#membership.claim(member, incarnation, clock.monotonicMs());
      if (claim === 'admit') return;
      const holder = this.#sessions.get(workerId);
      if (claim === 'ask-first') {
        if (holder === undefined) return;
        const answers = await answersProbe(holder, times.leaseMs * CLAIM_SHARE, clock);
        if (this.#sessions.get(workerId) !== holder) continue;
        if (!answers) return;
      }
      const known = this.#membership.state(workerId)?.member;
      const facts = {
        worker: workerId,
        ...{ node: known?.node, dataAddress: known?.dataAddress },
        ...{ refusedNode: node, refusedDataAddress: member.dataAddress },
      };
      log.warn(facts, 'a worker was refused: another one with its identity is alive');
      throw new LarderError('WORKER_ID_TAKEN', facts);
    }
  }

  async #admit(stream: JoinStream, hello: Hello__Output | null): Promise<WorkerSession> {
    if (hello === null) throw new LarderError('INVALID_ARGUMENT', { expected: 'hello' });
    if (hello.protocol !== PROTOCOL_VERSION) {
      throw new LarderError('PROTOCOL_MISMATCH', {
        worker: hello.protocol,
        master: PROTOCOL_VERSION,
        workerVersion: hello.version.slice(0, 100),
      });
    }
    const member = memberFromWire(hello.member);
    await this.#assertFree(member, hello.incarnation);
    const session = new WorkerSession({
      member,
      incarnation: hello.incarnation,
      softwareVersion: hello.version.slice(0, 100),
      send: (message) => stream.send(message),
      nextCommand: () => this.#options.term * TERM_SHIFT + (this.#commands += 1),
    });
    const { workerId } = session;
    this.#sessions
      .get(workerId)
      ?.close(new LarderError('UNAVAILABLE', { worker: workerId, what: 'it joined again' }));
    this.#sessions.set(workerId, session);
    this.held.dropParts(workerId);
    const nowMs = this.#options.clock.monotonicMs();
    const outcome = this.#membership.hello(session.member, session.incarnation, nowMs);
    if (outcome.restarted) this.held.forgetWorker(workerId);
    if (outcome.placementChanged) this.#publish();
    this.#options.log.info({ worker: workerId, ...outcome }, 'a worker joined');
    return session;
  }

  async #welcome(session: WorkerSession): Promise<void> {
    const { times, term } = this.#options;
    const lengths = { lease_ms: times.leaseMs, heartbeat_ms: times.heartbeatMs };
    await session.send({ welcome: { ...lengths, term, protocol: PROTOCOL_VERSION } });
    await this.#feed.settled();
    await session.send({ replicas: this.#options.replicas() });
    for (const message of this.#options.protections()) await session.send(message);
    this.#budgets.joined(session.workerId);
    await session.send(this.#feed.message);
    this.changed.notify();
  }

  #receive(session: WorkerSession, message: WorkerMessage__Output): void | Promise<void> {
    const { workerId } = session;
    switch (message.message) {
      case 'heartbeat':
        if (message.heartbeat) this.#heard(session, message.heartbeat);
        this.#membership.heartbeat(workerId, this.#options.clock.monotonicMs());
        break;
      case 'held':
        if (message.held) return this.#reports.apply(session, message.held);
        break;
      case 'result': {
        const failure = message.result?.failure;
        const command = message.result?.command ?? 0;
        session.end(command, failure ? fromFailure(failure) : undefined);
        break;
      }
      case 'objects':
        if (message.objects) session.objects(message.objects);
        break;
      case 'audit':
        if (message.audit) session.audit(message.audit);
        break;
      case 'visit':
        if (message.visit) session.visit(message.visit);
        break;
      default:
        // A second hello, or a message of a later release: nothing that this one needs.
        break;
    }
  }

  #heard(session: WorkerSession, heartbeat: Heartbeat__Output): void {
    this.#heartbeats.set(session.workerId, heartbeat);
    this.#budgets.heard(session.workerId, heartbeat);
    const { firstTouchers } = this.#options;
    if (firstTouchers.heard(session.workerId, heartbeat.patterns)) this.#tellReplicas();
    if (session.heldReported || !heartbeat.held_reported) return;
    if (this.held.isAwaited(session.workerId)) return;
    session.heldReported = true;
    this.changed.notify();
  }

  #publish(): void {
    this.#feed.publish().catch((error: unknown) => {
      // The next tick tries again.
      this.#unkept.say({ err: error }, 'the placement could not be kept');
    });
  }

  /** The placement has changed. */
  async #tell(message: MasterMessage): Promise<void> {
    this.changed.notify();
    const breather = new Breather(this.#options.clock);
    for (const session of [...this.#sessions.values()]) {
      void session.send(message);
      await breather.breathe();
    }
  }
}
