/**
 * Hands the parts of a preload, files and stripes of large ones, to the workers that own them, in bounded
 * batches.
 *
 *     idle ──owner found──▶ queued ──window──▶ sent ──done──▶ idle (held, or to be sent again)
 *       ▲                     │                  ├──failed──▶ idle (again) or failed
 *       └──placement changed──┴──worker lost─────┘
 *
 * Always true: a part is with at most one worker, a command has at most one of a file; a worker has at
 * most a window of parts and bytes; a part that is done but not held, or fails in a way that may pass, is
 * tried a few times, then it has failed with the reason; so is one that comes and goes again. A worker that is lost
 * costs no try.
 */
import { ERRORS, LarderError } from '../common/index.ts';
import type { Clock, ErrorCode } from '../common/index.ts';
import type { ObjectResults__Output } from '../proto/generated/larder/v1/ObjectResults.ts';
import { fromFailure } from '../rpc/grpc/index.ts';
import type { Pace } from './pace.ts';
import type { PreloadTarget } from './preload-target.ts';
import type { WorkerSession } from './worker-session.ts';

export interface LanesOptions {
  readonly target: PreloadTarget;
  readonly datasetId: number;
  readonly version: number;
  readonly pace: Pace;
  readonly clock: Clock;
  /** Whether no preload that goes first has something for this worker. */
  isFirstAt(workerId: string): boolean;
  /** Of workers that are alive. */
  session(workerId: string): WorkerSession | undefined;
  /** Undefined where there is no member. */
  ownerOf(part: number): string | undefined;
  /** Whether all of a part is reported held by workers that are alive. */
  isHeld(part: number): boolean;
  /** Something came to an end. */
  onProgress(): void;
  onFailed(part: number, error: LarderError): void;
}

const IDLE = 0;
const QUEUED = 1;
const SENT = 2;
const FAILED = 3;

const MAX_TRIES = 3;
const WINDOW_PARTS = 2048;
const WINDOW_BYTES = 1024 * 1024 * 1024;
const BATCH_PARTS = 256;
const BATCH_BYTES = 256 * 1024 * 1024;
/** What one `pump` looks at, and for how many of them it finds the owner (a few µs each). */
const SLICE_PARTS = 100_000;
const SLICE_OWNERS = 2000;
/** Over all lanes. */
const MAX_QUEUED = 1_000_000;
/** How often a preload that others go before looks whether they still do. */
const BEHIND_MS = 200;

interface Lane {
  /** From `next` on. */
  queue: number[];
  next: number;
  sentParts: number;
  sentBytes: number;
  readonly commands: Map<number, WorkerSession>;
}

export class PreloadLanes {
  readonly #options: LanesOptions;
  readonly #states: Uint8Array;
  readonly #tries: Uint8Array;
  readonly #lanes = new Map<string, Lane>();
  #cursor = 0;
  #queued = 0;
  #sent = 0;
  #failed = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#states = new Uint8Array(options.target.parts);
    this.#tries = new Uint8Array(options.target.parts);
  }

  /** Parts that have failed, and did not come to be held in another way. As of the last `measure`. */
  failedParts(): number {
    if (this.#failed === 0) return 0;
    return this.#states.reduce((sum, _state, part) => (this.#hasFailed(part) ? sum + 1 : sum), 0);
  }

  /** Files of which a part has failed. */
  failedFiles(): number {
    if (this.#failed === 0) return 0;
    return this.#options.target.filesOf((part) => this.#hasFailed(part));
  }

  /** Nothing is with a worker or waits for one, and every part was looked at. */
  get idle(): boolean {
    return this.#sent === 0 && this.#queued === 0 && this.#cursor >= this.#options.target.parts;
  }

  /** Whether there is something for this worker that was not sent yet. */
  hasQueued(workerId: string): boolean {
    const lane = this.#lanes.get(workerId);
    return lane !== undefined && lane.next < lane.queue.length;
  }

  /** When what is queued may go, at the latest; undefined where nothing holds it back. */
  heldBackMs(): number | undefined {
    if (this.#queued === 0) return undefined;
    const waitMs = this.#options.pace.waitMs(this.#options.clock.monotonicMs());
    if (waitMs > 0) return waitMs;
    const queued = [...this.#lanes.keys()].filter((workerId) => this.hasQueued(workerId));
    return queued.some((workerId) => !this.#options.isFirstAt(workerId)) ? BEHIND_MS : undefined;
  }

  /** Sends what windows, pace and the preloads that go first allow. */
  fill(): void {
    for (const [workerId, lane] of this.#lanes) this.#fill(workerId, lane);
  }

  /** Looks at every part again: after a change of placement, and while anything is still missing. */
  rescan(): void {
    for (const lane of this.#lanes.values()) {
      for (const part of lane.queue.slice(lane.next)) this.#states[part] = IDLE;
      lane.queue = [];
      lane.next = 0;
    }
    this.#queued = 0;
    this.#cursor = 0;
  }

  /**
   * Queues parts that are missing, and sends what windows allow. Stops after a slice of work.
   *
   * @returns whether there is more to look at now
   */
  pump(): boolean {
    const { target } = this.#options;
    const end = Math.min(target.parts, this.#cursor + SLICE_PARTS);
    let owners = 0;
    for (; this.#cursor < end && owners < SLICE_OWNERS; this.#cursor += 1) {
      const part = this.#cursor;
      if (this.#states[part] !== IDLE || !target.isMissing(part)) continue;
      if (this.#queued >= MAX_QUEUED) break;
      if ((this.#tries[part] ?? 0) >= MAX_TRIES) {
        // It came each time, and had to go again: for others of this preload, if there is no room.
        this.#fail(part, new LarderError('NOT_KEPT'));
        continue;
      }
      const owner = this.#options.ownerOf(part);
      if (owner === undefined) return false;
      this.#states[part] = QUEUED;
      this.#queued += 1;
      owners += 1;
      this.#lane(owner).queue.push(part);
    }
    this.fill();
    return this.#cursor < target.parts && this.#queued < MAX_QUEUED;
  }

  /** Gives up on all parts that are not held. */
  failRest(error: LarderError): void {
    const { target } = this.#options;
    this.cancel();
    for (let part = 0; part < target.parts; part += 1) {
      if (target.isMissing(part) && this.#states[part] !== FAILED) this.#fail(part, error);
    }
  }

  /** Tells the workers to stop. */
  cancel(): void {
    for (const lane of this.#lanes.values()) {
      for (const [command, session] of lane.commands) session.cancel(command);
      lane.commands.clear();
    }
    this.#lanes.clear();
    this.#queued = 0;
    this.#sent = 0;
    this.#cursor = this.#options.target.parts;
  }

  #fill(workerId: string, lane: Lane): void {
    const session = this.#options.session(workerId);
    if (session === undefined || !this.#options.isFirstAt(workerId)) return;
    const { pace, clock } = this.#options;
    while (
      lane.next < lane.queue.length &&
      lane.sentParts < WINDOW_PARTS &&
      lane.sentBytes < WINDOW_BYTES &&
      pace.waitMs(clock.monotonicMs()) === 0 &&
      !session.closed.aborted
    ) {
      const batch = this.#takeBatch(lane);
      if (batch.length > 0) this.#send(session, lane, batch);
    }
  }

  #takeBatch(lane: Lane): number[] {
    const { target, pace, clock } = this.#options;
    const batch: number[] = [];
    const ordinals = new Set<number>();
    const mostBytes = Math.min(BATCH_BYTES, pace.batchBytes);
    let bytes = 0;
    while (lane.next < lane.queue.length) {
      if (batch.length >= BATCH_PARTS || (batch.length > 0 && bytes >= mostBytes)) break;
      const part = lane.queue[lane.next] ?? 0;
      // Results name the entry, and a command has one part of it.
      if (ordinals.has(target.ordinal(part))) break;
      lane.next += 1;
      this.#queued -= 1;
      this.#states[part] = IDLE;
      if (!target.isMissing(part)) continue;
      batch.push(part);
      ordinals.add(target.ordinal(part));
      bytes += target.sizeBytes(part);
    }
    pace.handedOut(bytes, clock.monotonicMs());
    if (lane.next > lane.queue.length / 2) {
      lane.queue = lane.queue.slice(lane.next);
      lane.next = 0;
    }
    return batch;
  }

  #send(session: WorkerSession, lane: Lane, batch: readonly number[]): void {
    const { target, datasetId, version } = this.#options;
    const waiting = new Map(batch.map((part) => [target.ordinal(part), part]));
    for (const part of batch) this.#states[part] = SENT;
    this.#sent += batch.length;
    lane.sentParts += batch.length;
    lane.sentBytes += batch.reduce((sum, part) => sum + target.sizeBytes(part), 0);
    const settle = (ordinal: number): number | undefined => {
      const part = waiting.get(ordinal);
      if (part === undefined) return undefined;
      waiting.delete(ordinal);
      this.#states[part] = IDLE;
      this.#sent -= 1;
      lane.sentParts -= 1;
      lane.sentBytes -= target.sizeBytes(part);
      return part;
    };
    let running = 0;
    session.start(
      (command) => {
        running = command;
        lane.commands.set(command, session);
        const ordinals = [...waiting.keys()];
        const isSplit = target.parts > target.files;
        const stripes = isSplit ? batch.map((part) => target.stripe(part)) : [];
        return { fetch_objects: { command, dataset_id: datasetId, version, ordinals, stripes } };
      },
      {
        onObjects: (results) => {
          this.#results(results, settle);
          this.#fill(session.workerId, lane);
        },
        onEnd: (failure) => {
          lane.commands.delete(running);
          for (const ordinal of [...waiting.keys()]) this.#ended(settle(ordinal), failure);
          this.#options.onProgress();
        },
      },
    );
  }

  #results(
    { done, failed }: ObjectResults__Output,
    settle: (ordinal: number) => number | undefined,
  ): void {
    for (const ordinal of done) {
      const part = settle(ordinal);
      if (part !== undefined) this.#tried(part, new LarderError('NOT_KEPT'));
    }
    for (const { ordinal, failure } of failed) {
      const part = settle(ordinal);
      const error = failure === null ? new LarderError('INTERNAL') : fromFailure(failure);
      if (part !== undefined) this.#tried(part, error);
    }
    this.#options.onProgress();
  }

  /** A command ended before it said what became of a part. */
  #ended(part: number | undefined, failure: LarderError | undefined): void {
    if (part === undefined || failure?.code === 'UNAVAILABLE') return;
    this.#tried(part, failure ?? new LarderError('INTERNAL', { what: 'no result' }));
  }

  #tried(part: number, error: LarderError): void {
    const tries = (this.#tries[part] ?? 0) + 1;
    this.#tries[part] = tries;
    if (this.#options.isHeld(part)) return;
    if (!mayPass(error.code) || tries >= MAX_TRIES) this.#fail(part, error);
  }

  #fail(part: number, error: LarderError): void {
    this.#states[part] = FAILED;
    this.#failed += 1;
    this.#options.onFailed(part, error);
  }

  #hasFailed(part: number): boolean {
    return this.#states[part] === FAILED && this.#options.target.isMissing(part);
  }

  #lane(workerId: string): Lane {
    const known = this.#lanes.get(workerId);
    if (known !== undefined) return known;
    const lane: Lane = { queue: [], next: 0, sentParts: 0, sentBytes: 0, commands: new Map() };
    this.#lanes.set(workerId, lane);
    return lane;
  }
}

/** Whether the same request may succeed a moment later. */
function mayPass(code: ErrorCode): boolean {
  const { remedy } = ERRORS[code];
  return code === 'NOT_KEPT' || remedy === 'retry-same' || remedy === 'retry-elsewhere';
}
