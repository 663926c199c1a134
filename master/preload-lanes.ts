/**
 * Hands the files of a preload to the workers that own them, in bounded batches.
 *
 *     idle ──owner found──▶ queued ──window──▶ sent ──done──▶ idle (held, or to be sent again)
 *       ▲                     │                  ├──failed──▶ idle (again) or failed
 *       └──placement changed──┴──worker lost─────┘
 *
 * Always true: a file is with at most one worker; a worker has at most a window of files and bytes; a
 * file that is done but not held, or fails in a way that may pass, is tried a few times, then it has
 * failed with the reason. A worker that is lost costs no try.
 */
import { ERRORS, LarderError } from '../common/index.ts';
import type { ErrorCode } from '../common/index.ts';
import type { ObjectResults__Output } from '../proto/generated/larder/v1/ObjectResults.ts';
import { fromFailure } from '../rpc/grpc/index.ts';
import type { PreloadTarget } from './preload-target.ts';
import type { WorkerSession } from './worker-session.ts';

export interface LanesOptions {
  readonly target: PreloadTarget;
  readonly datasetId: number;
  readonly version: number;
  /** Of workers that are alive. */
  session(workerId: string): WorkerSession | undefined;
  /** Undefined where there is no member. */
  ownerOf(file: number): string | undefined;
  /** Whether all of a file is reported held by workers that are alive. */
  isHeld(file: number): boolean;
  /** Something came to an end. */
  onProgress(): void;
  onFailed(file: number, error: LarderError): void;
}

const IDLE = 0;
const QUEUED = 1;
const SENT = 2;
const FAILED = 3;

const MAX_TRIES = 3;
const WINDOW_FILES = 2048;
const WINDOW_BYTES = 1024 * 1024 * 1024;
const BATCH_FILES = 256;
const BATCH_BYTES = 256 * 1024 * 1024;
/** What one `pump` looks at, and for how many of them it finds the owner (a few µs each). */
const SLICE_FILES = 100_000;
const SLICE_OWNERS = 2000;
/** Over all lanes. */
const MAX_QUEUED = 1_000_000;

interface Lane {
  /** From `next` on. */
  queue: number[];
  next: number;
  sentFiles: number;
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
    this.#states = new Uint8Array(options.target.files);
    this.#tries = new Uint8Array(options.target.files);
  }

  /** Files that have failed, and did not come to be held in another way. As of the last `measure`. */
  failedFiles(): number {
    if (this.#failed === 0) return 0;
    const { target } = this.#options;
    return this.#states.reduce(
      (sum, state, file) => (state === FAILED && target.isMissing(file) ? sum + 1 : sum),
      0,
    );
  }

  /** Nothing is with a worker or waits for one, and every file was looked at. */
  get idle(): boolean {
    return this.#sent === 0 && this.#queued === 0 && this.#cursor >= this.#options.target.files;
  }

  /** Looks at every file again: after a change of placement, and while anything is still missing. */
  rescan(): void {
    for (const lane of this.#lanes.values()) {
      for (const file of lane.queue.slice(lane.next)) this.#states[file] = IDLE;
      lane.queue = [];
      lane.next = 0;
    }
    this.#queued = 0;
    this.#cursor = 0;
  }

  /**
   * Queues files that are missing, and sends what windows allow. Stops after a slice of work.
   *
   * @returns whether there is more to look at now
   */
  pump(): boolean {
    const { target } = this.#options;
    const end = Math.min(target.files, this.#cursor + SLICE_FILES);
    let owners = 0;
    for (; this.#cursor < end && owners < SLICE_OWNERS; this.#cursor += 1) {
      const file = this.#cursor;
      if (this.#states[file] !== IDLE || !target.isMissing(file)) continue;
      if (this.#queued >= MAX_QUEUED) break;
      const owner = this.#options.ownerOf(file);
      if (owner === undefined) return false;
      this.#states[file] = QUEUED;
      this.#queued += 1;
      owners += 1;
      this.#lane(owner).queue.push(file);
    }
    for (const [workerId, lane] of this.#lanes) this.#fill(workerId, lane);
    return this.#cursor < target.files && this.#queued < MAX_QUEUED;
  }

  /** Gives up on all files that are not held. */
  failRest(error: LarderError): void {
    const { target } = this.#options;
    this.cancel();
    for (let file = 0; file < target.files; file += 1) {
      if (target.isMissing(file) && this.#states[file] !== FAILED) this.#fail(file, error);
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
    this.#cursor = this.#options.target.files;
  }

  #fill(workerId: string, lane: Lane): void {
    const session = this.#options.session(workerId);
    if (session === undefined) return;
    while (
      lane.next < lane.queue.length &&
      lane.sentFiles < WINDOW_FILES &&
      lane.sentBytes < WINDOW_BYTES &&
      !session.closed.aborted
    ) {
      const batch = this.#takeBatch(lane);
      if (batch.length > 0) this.#send(session, lane, batch);
    }
  }

  #takeBatch(lane: Lane): number[] {
    const { target } = this.#options;
    const batch: number[] = [];
    let bytes = 0;
    while (lane.next < lane.queue.length) {
      if (batch.length >= BATCH_FILES || (batch.length > 0 && bytes >= BATCH_BYTES)) break;
      const file = lane.queue[lane.next] ?? 0;
      lane.next += 1;
      this.#queued -= 1;
      this.#states[file] = IDLE;
      if (!target.isMissing(file)) continue;
      batch.push(file);
      bytes += target.sizeBytes(file);
    }
    if (lane.next > lane.queue.length / 2) {
      lane.queue = lane.queue.slice(lane.next);
      lane.next = 0;
    }
    return batch;
  }

  #send(session: WorkerSession, lane: Lane, batch: readonly number[]): void {
    const { target, datasetId, version } = this.#options;
    const waiting = new Map(batch.map((file) => [target.ordinal(file), file]));
    for (const file of batch) this.#states[file] = SENT;
    this.#sent += batch.length;
    lane.sentFiles += batch.length;
    lane.sentBytes += batch.reduce((sum, file) => sum + target.sizeBytes(file), 0);
    const settle = (ordinal: number): number | undefined => {
      const file = waiting.get(ordinal);
      if (file === undefined) return undefined;
      waiting.delete(ordinal);
      this.#states[file] = IDLE;
      this.#sent -= 1;
      lane.sentFiles -= 1;
      lane.sentBytes -= target.sizeBytes(file);
      return file;
    };
    let running = 0;
    session.start(
      (command) => {
        running = command;
        lane.commands.set(command, session);
        const ordinals = [...waiting.keys()];
        return { fetch_objects: { command, dataset_id: datasetId, version, ordinals } };
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
      const file = settle(ordinal);
      if (file !== undefined) this.#tried(file, new LarderError('NOT_KEPT'));
    }
    for (const { ordinal, failure } of failed) {
      const file = settle(ordinal);
      const error = failure === null ? new LarderError('INTERNAL') : fromFailure(failure);
      if (file !== undefined) this.#tried(file, error);
    }
    this.#options.onProgress();
  }

  /** A command ended before it said what became of a file. */
  #ended(file: number | undefined, failure: LarderError | undefined): void {
    if (file === undefined || failure?.code === 'UNAVAILABLE') return;
    this.#tried(file, failure ?? new LarderError('INTERNAL', { what: 'no result' }));
  }

  #tried(file: number, error: LarderError): void {
    const tries = (this.#tries[file] ?? 0) + 1;
    this.#tries[file] = tries;
    if (this.#options.isHeld(file)) return;
    if (!mayPass(error.code) || tries >= MAX_TRIES) this.#fail(file, error);
  }

  #fail(file: number, error: LarderError): void {
    this.#states[file] = FAILED;
    this.#failed += 1;
    this.#options.onFailed(file, error);
  }

  #lane(workerId: string): Lane {
    const known = this.#lanes.get(workerId);
    if (known !== undefined) return known;
    const lane: Lane = { queue: [], next: 0, sentFiles: 0, sentBytes: 0, commands: new Map() };
    this.#lanes.set(workerId, lane);
    return lane;
  }
}

/** Whether the same request may succeed a moment later. */
function mayPass(code: ErrorCode): boolean {
  const { remedy } = ERRORS[code];
  return code === 'NOT_KEPT' || remedy === 'retry-same' || remedy === 'retry-elsewhere';
}
