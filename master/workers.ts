/**
 * The workers that this master knows: their streams, their membership, what they report.
 *
 * Always true: a placement is persisted before anyone is told of it; everyone is told of each change, in
 * order. A worker has at most one session: a newer one ends the older.
 */
import { LarderError, PROTOCOL_VERSION } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import type { Heartbeat__Output } from '../proto/generated/larder/v1/Heartbeat.ts';
import type { Hello__Output } from '../proto/generated/larder/v1/Hello.ts';
import type { MasterMessage } from '../proto/generated/larder/v1/MasterMessage.ts';
import type { WorkerMessage__Output } from '../proto/generated/larder/v1/WorkerMessage.ts';
import type { WorkerStatus } from '../proto/generated/larder/v1/WorkerStatus.ts';
import { fromFailure, memberFromWire, memberToWire } from '../rpc/grpc/index.ts';
import type { ServerStream } from '../rpc/grpc/index.ts';
import { Signal, untilAborted, withDeadline } from './async.ts';
import type { CatalogStore } from './catalog-store.ts';
import { HeldBlocks } from './held.ts';
import { Membership } from './membership.ts';
import type { MasterTimes } from './options.ts';
import type { PlacementRecord } from './records.ts';
import { placementToWire } from './wire.ts';
import { WorkerSession } from './worker-session.ts';

export interface WorkersOptions {
  readonly store: CatalogStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times: MasterTimes;
  /** Of this reign; also keeps command numbers apart from those of earlier ones. */
  readonly term: number;
  readonly placement: PlacementRecord;
}

type JoinStream = ServerStream<WorkerMessage__Output, MasterMessage>;

const TERM_SHIFT = 2 ** 32;

export class Workers {
  readonly held = new HeldBlocks();
  /** Notified when a worker has joined or was lost, and when the placement is another one. */
  readonly changed = new Signal();
  readonly #options: WorkersOptions;
  readonly #membership: Membership;
  readonly #sessions = new Map<string, WorkerSession>();
  readonly #heartbeats = new Map<string, Heartbeat__Output>();
  readonly #published = new Signal();
  readonly #ending = new AbortController();
  #placement: PlacementRecord;
  #publishing: Promise<void> = Promise.resolve();
  #commands = 0;
  #lastTickMs = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#placement = options.placement;
    const nowMs = options.clock.monotonicMs();
    this.#membership = new Membership(options.times, options.placement, nowMs);
  }

  /** As persisted and told. */
  get placement(): PlacementRecord {
    return this.#placement;
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
    const session = this.#admit(stream, hello);
    const { workerId } = session;
    try {
      await this.#welcome(session);
      const ends = AbortSignal.any([session.closed, signal, this.#ending.signal]);
      const rest = { [Symbol.asyncIterator]: () => messages };
      for await (const message of untilAborted(rest, ends)) this.#receive(session, message);
    } finally {
      session.close(new LarderError('UNAVAILABLE', { worker: workerId, what: 'the stream ended' }));
      if (this.#sessions.get(workerId) === session) this.#sessions.delete(workerId);
      this.#options.log.info({ worker: workerId }, 'a worker left its stream');
      this.changed.notify();
    }
  }

  /** The placement now, and after each change. */
  async *watchPlacement(signal: AbortSignal): AsyncGenerator<PlacementRecord, void, undefined> {
    for (let told = -1; ;) {
      const next = this.#published.wait(signal);
      next.catch(() => undefined);
      if (this.#placement.number !== told) {
        told = this.#placement.number;
        yield this.#placement;
      } else await next;
    }
  }

  setGrace(graceMs: number): void {
    this.#membership.setGrace(graceMs);
  }

  /** Judges leases; to be called several times per lease. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const stalled = nowMs - this.#lastTickMs > this.#options.times.leaseMs / 2;
    this.#lastTickMs = nowMs;
    // This process stood still: the heartbeats of that time are in its sockets, to be read first.
    if (stalled) return;
    const outcome = this.#membership.tick(nowMs);
    for (const worker of outcome.lapsed) {
      this.#options.log.warn({ worker }, 'a worker is silent');
      this.#sessions
        .get(worker)
        ?.close(new LarderError('UNAVAILABLE', { worker, what: 'its lease ended' }));
    }
    for (const worker of outcome.removed) {
      this.#options.log.warn({ worker }, 'a worker is no member any more');
      this.held.forgetWorker(worker);
      this.#heartbeats.delete(worker);
    }
    if (outcome.placementChanged) this.#publish();
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
    return this.#membership.states().map(({ member, alive }) => {
      const beat = this.#heartbeats.get(member.workerId);
      return {
        member: memberToWire(member),
        alive,
        capacity_bytes: beat?.capacity_bytes ?? member.weightBytes,
        used_bytes: beat?.used_bytes ?? 0,
        origin: beat?.origin ?? {},
        reads: beat?.reads ?? {},
        disks: beat?.disks ?? [],
        version: this.#sessions.get(member.workerId)?.softwareVersion ?? '',
      };
    });
  }

  /** Ends all streams, and waits until what was decided is persisted. */
  async close(): Promise<void> {
    this.#ending.abort(new LarderError('UNAVAILABLE', { what: 'the master is stopping' }));
    await this.#publishing;
  }

  #admit(stream: JoinStream, hello: Hello__Output | null): WorkerSession {
    if (hello === null) throw new LarderError('INVALID_ARGUMENT', { expected: 'hello' });
    if (hello.protocol !== PROTOCOL_VERSION) {
      throw new LarderError('PROTOCOL_MISMATCH', {
        worker: hello.protocol,
        master: PROTOCOL_VERSION,
        workerVersion: hello.version.slice(0, 100),
      });
    }
    const session = new WorkerSession({
      member: memberFromWire(hello.member),
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
    const nowMs = this.#options.clock.monotonicMs();
    const outcome = this.#membership.hello(session.member, session.incarnation, nowMs);
    if (outcome.restarted) this.held.forgetWorker(workerId);
    if (outcome.placementChanged) this.#publish();
    this.#options.log.info({ worker: workerId, ...outcome }, 'a worker joined');
    return session;
  }

  async #welcome(session: WorkerSession): Promise<void> {
    const { times, term } = this.#options;
    await session.send({
      welcome: {
        lease_ms: times.leaseMs,
        heartbeat_ms: times.heartbeatMs,
        term,
        protocol: PROTOCOL_VERSION,
      },
    });
    await this.#publishing;
    await session.send({ placement: placementToWire(this.#placement) });
    this.changed.notify();
  }

  #receive(session: WorkerSession, message: WorkerMessage__Output): void {
    const { workerId } = session;
    switch (message.message) {
      case 'heartbeat':
        if (message.heartbeat) this.#heard(session, message.heartbeat);
        this.#membership.heartbeat(workerId, this.#options.clock.monotonicMs());
        break;
      case 'held':
        if (message.held) this.#applyHeld(workerId, message.held);
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
      case 'hello':
      case undefined:
        // A second hello, or a message of a later release: nothing that this one needs.
        break;
    }
  }

  #heard(session: WorkerSession, heartbeat: Heartbeat__Output): void {
    this.#heartbeats.set(session.workerId, heartbeat);
    if (session.heldReported || !heartbeat.held_reported) return;
    session.heldReported = true;
    this.changed.notify();
  }

  #applyHeld(workerId: string, held: NonNullable<WorkerMessage__Output['held']>): void {
    this.held.apply(workerId, {
      datasetId: held.dataset_id,
      full: held.full,
      more: held.more,
      added: held.added,
      removed: held.removed,
      heldBytes: held.held_bytes,
    });
  }

  /** One after the other, so that numbers are told in their order. */
  #publish(): void {
    this.#publishing = this.#publishing.then(async () => {
      const placement = this.#membership.placement();
      if (placement.number === this.#placement.number) return;
      await this.#options.store.putPlacement(placement);
      this.#placement = placement;
      this.#published.notify();
      this.changed.notify();
      const message = { placement: placementToWire(placement) };
      for (const session of this.#sessions.values()) void session.send(message);
    });
    this.#publishing.catch((error: unknown) => {
      this.#options.log.fatal({ err: error }, 'the placement could not be kept');
    });
  }
}
