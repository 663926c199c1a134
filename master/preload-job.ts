/**
 * One preload: from a target set to what became of it.
 *
 *     PENDING ──target known──▶ RUNNING ──nothing missing──▶ COMPLETE
 *        │                         ├──all that is missing has failed──▶ PARTIAL, or FAILED if nothing is held
 *        └──────cancelled──────────┴──cancelled──▶ CANCELLED
 *
 * Always true: progress is |target ∩ held| / |target| over the workers that are alive, computed from
 * their reports; COMPLETE is said only when that is 1 and every path was found; a target set without a
 * file is FAILED; a final state stays.
 */
import { asLarderError, LarderError, Placement } from '../common/index.ts';
import type { Clock, DatasetInfo, Logger } from '../common/index.ts';
import type { PreloadFailure } from '../proto/generated/larder/v1/PreloadFailure.ts';
import type { PreloadProgress } from '../proto/generated/larder/v1/PreloadProgress.ts';
import type { PreloadState } from '../proto/generated/larder/v1/PreloadState.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';
import { Signal } from './async.ts';
import { Breather } from './breathe.ts';
import type { OpenManifest } from './manifests.ts';
import type { MasterTimes } from './options.ts';
import { Pace } from './pace.ts';
import { PreloadLanes } from './preload-lanes.ts';
import { resolvePaths } from './preload-paths.ts';
import { pathsOf } from './preload-spec.ts';
import { PreloadTarget } from './preload-target.ts';
import type { TargetProgress } from './preload-target.ts';
import { ProgressRate } from './progress-rate.ts';
import type { PreloadOutcome, PreloadRecord } from './records.ts';
import type { Workers } from './workers.ts';

export interface PreloadJobOptions {
  readonly record: PreloadRecord;
  readonly dataset: DatasetInfo;
  /** Closed by the job. */
  readonly manifest: OpenManifest;
  readonly workers: Workers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times: Pick<MasterTimes, 'progressMs' | 'preloadStallMs'>;
  /** Whether no preload that goes first has something for a worker. */
  readonly isFirstAt: (workerId: string) => boolean;
  /** Before anything is fetched; all block numbers of the target set. */
  readonly onTarget: (blocks: ReadonlyBitmap) => Promise<void>;
  /** Bytes a second that nothing may exceed; 0: none is known. Asked once, of a preload that is new. */
  readonly fastest?: (() => number) | undefined;
}

const MAX_FAILURES = 1000;
/** Measuring a large target set takes this share of the time at most. */
const MEASURE_SHARE = 10;

export type FinalState = PreloadOutcome['state'];

export function isFinal(state: PreloadState): state is FinalState {
  return state !== 'PENDING' && state !== 'RUNNING';
}

export class PreloadJob {
  /** Notified when progress may have changed. */
  readonly changed = new Signal();
  readonly #options: PreloadJobOptions;
  readonly #cancel = new AbortController();
  readonly #wake = new Signal();
  readonly #rate = new ProgressRate();
  /** On the monotonic clock. */
  readonly #deadlineMs: number;
  /** By part; below 0, of paths and of the preload as a whole. Of the first thousand files. */
  readonly #failures = new Map<number, PreloadFailure>();
  #state: PreloadState = 'PENDING';
  #target: PreloadTarget | undefined;
  #lanes: PreloadLanes | undefined;
  #failedFiles = 0;
  /** Of the list, that are not there. */
  #failedPaths = 0;
  #held: TargetProgress = { heldBlocks: 0, heldBytes: 0, heldFiles: 0, heldParts: 0 };

  constructor(options: PreloadJobOptions) {
    this.#options = options;
    const { clock, record } = options;
    const leftMs = (record.deadlineAtMs ?? Infinity) - clock.wallMs();
    this.#deadlineMs = clock.monotonicMs() + leftMs;
  }

  get final(): boolean {
    return isFinal(this.#state);
  }

  /** Whether there is something for this worker that was not sent yet. */
  hasQueued(workerId: string): boolean {
    return this.#lanes?.hasQueued(workerId) === true;
  }

  /** With the failures when the state is final. */
  progress(): PreloadProgress & { readonly state: PreloadState } {
    const nowMs = this.#options.clock.monotonicMs();
    const { heldBytes } = this.#held;
    const targetBytes = this.#target?.bytes ?? 0;
    const rate = this.final
      ? this.#rate.overall(heldBytes, nowMs)
      : this.#rate.recent(heldBytes, nowMs);
    return {
      preload_id: this.#options.record.id,
      state: this.#state,
      target_blocks: this.#target?.blocks ?? 0,
      held_blocks: this.#held.heldBlocks,
      target_bytes: targetBytes,
      held_bytes: heldBytes,
      target_files: this.#target?.files ?? 0,
      held_files: this.#held.heldFiles,
      failed_files: this.#failedFiles + this.#failedPaths,
      failures: this.final ? this.#lastingFailures() : [],
      bytes_per_second: rate,
      rest_ms: rate === 0 || this.final ? 0 : Math.ceil(((targetBytes - heldBytes) * 1000) / rate),
      left_out_files: this.#target?.leftOut ?? 0,
    };
  }

  cancel(): void {
    this.#cancel.abort(new LarderError('CANCELLED'));
    this.#wake.notify();
  }

  /** Runs to a final state. Never rejects. */
  async run(): Promise<void> {
    const { log, workers, manifest, record, dataset } = this.#options;
    const stopListening = workers.held.onChange(({ datasetId }) => {
      if (datasetId === dataset.id) this.#wake.notify();
    });
    try {
      this.#end(await this.#load());
    } catch (error) {
      if (this.#cancel.signal.aborted) this.#end('CANCELLED');
      else {
        const { code, message } = asLarderError(error);
        log.error({ err: error, preload: record.id }, 'a preload failed');
        this.#failures.set(-1, { path: Buffer.alloc(0), code, message });
        this.#end('FAILED');
      }
    } finally {
      stopListening();
      this.#lanes?.cancel();
      this.#target?.[Symbol.dispose]();
      manifest[Symbol.dispose]();
    }
  }

  async #load(): Promise<FinalState> {
    const { manifest, record, clock, onTarget } = this.#options;
    const { signal } = this.#cancel;
    const breather = new Breather(clock, signal);
    const { roots, failures } = await resolvePaths(manifest.reader, pathsOf(record), breather);
    this.#failedPaths = failures.length;
    for (const [i, { path, error }] of failures.slice(0, MAX_FAILURES).entries()) {
      this.#failures.set(-2 - i, { path, code: error.code, message: error.message });
    }
    const { budgetBytes = 0 } = record;
    const limits = { clock, signal, budgetBytes };
    const target = await PreloadTarget.load(manifest.reader, roots, limits);
    this.#target = target;
    if (target.files === 0) {
      if (failures.length > 0) return 'FAILED';
      throw target.leftOut > 0
        ? new LarderError('INVALID_ARGUMENT', { budgetBytes, what: 'no file fits into it' })
        : new LarderError('NOT_FOUND', { what: 'there is no file to preload' });
    }
    this.#measure(target);
    this.#checkDeadline(target);
    await onTarget(target.allBlocks);
    this.#lanes = this.#makeLanes(target);
    this.#state = 'RUNNING';
    return this.#drive(target, this.#lanes);
  }

  /** @throws {LarderError} `DEADLINE_EXCEEDED` where it cannot be met */
  #checkDeadline(target: PreloadTarget): void {
    const { record, fastest, workers, clock } = this.#options;
    const { deadlineMs = 0 } = record;
    const sessions = workers.sessions();
    // What is held is not known yet.
    if (sessions.length === 0 || sessions.some((session) => !session.heldReported)) return;
    const bytesPerSecond = fastest?.() ?? 0;
    if (deadlineMs === 0 || bytesPerSecond === 0) return;
    const missingBytes = target.bytes - this.#held.heldBytes;
    const neededMs = Math.ceil((missingBytes * 1000) / bytesPerSecond);
    if (clock.monotonicMs() + neededMs <= this.#deadlineMs) return;
    const what = 'the preload cannot be done in time';
    throw new LarderError('DEADLINE_EXCEEDED', { what, deadlineMs, neededMs, bytesPerSecond });
  }

  async #drive(target: PreloadTarget, lanes: PreloadLanes): Promise<FinalState> {
    const { workers, clock, times } = this.#options;
    const { signal } = this.#cancel;
    let placement = workers.placement.number;
    let lastWorkerMs = clock.monotonicMs();
    for (;;) {
      const woken = Promise.race([this.#wake.wait(), workers.changed.wait()]);
      const startMs = clock.monotonicMs();
      this.#measure(target);
      const restMs = (clock.monotonicMs() - startMs) * MEASURE_SHARE;
      signal.throwIfAborted();
      if (this.#held.heldBlocks === target.blocks) {
        return this.#failedPaths === 0 ? 'COMPLETE' : 'PARTIAL';
      }
      if (workers.sessions().length > 0) lastWorkerMs = startMs;
      if (startMs - lastWorkerMs >= times.preloadStallMs)
        lanes.failRest(new LarderError('NO_WORKER'));
      if (startMs >= this.#deadlineMs) {
        lanes.failRest(
          new LarderError('DEADLINE_EXCEEDED', { what: 'the preload ran out of time' }),
        );
      }
      this.#failedFiles = lanes.failedFiles();
      if (lanes.failedParts() === target.parts - this.#held.heldParts) {
        return this.#held.heldBlocks > 0 ? 'PARTIAL' : 'FAILED';
      }
      if (workers.placement.number !== placement || lanes.idle) lanes.rescan();
      placement = workers.placement.number;
      while (lanes.pump()) {
        await clock.sleep(0, signal);
      }
      await clock.sleep(Math.max(times.progressMs, restMs), signal);
      await this.#idle(woken, lanes);
    }
  }

  /** Until something has changed, or a time has come. */
  async #idle(woken: Promise<void>, lanes: PreloadLanes): Promise<void> {
    const { clock, times } = this.#options;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#cancel.signal]);
    const waitMs = Math.min(
      times.preloadStallMs / 4,
      lanes.heldBackMs() ?? Infinity,
      Math.max(0, this.#deadlineMs - clock.monotonicMs()),
    );
    const slept = clock.sleep(waitMs, signal);
    // It is given up when something else comes first.
    slept.catch(() => undefined);
    try {
      await Promise.race([woken, slept]);
    } finally {
      stop.abort();
    }
  }

  #measure(target: PreloadTarget): void {
    const { workers, dataset, clock } = this.#options;
    const held = workers.held.union(workers.aliveIds(), dataset.id);
    const before = this.#held;
    this.#held = target.measure(held);
    held.dispose();
    this.#rate.sample(this.#held.heldBytes, clock.monotonicMs());
    if (before.heldBlocks !== this.#held.heldBlocks) this.changed.notify();
  }

  #makeLanes(target: PreloadTarget): PreloadLanes {
    const { workers, dataset, record, manifest, clock, isFirstAt } = this.#options;
    let placement = Placement.empty;
    return new PreloadLanes({
      target,
      datasetId: dataset.id,
      version: record.version,
      pace: new Pace(record.bandwidthBytes ?? 0),
      clock,
      isFirstAt,
      session: (workerId) => {
        const session = workers.session(workerId);
        return session?.heldReported === true ? session : undefined;
      },
      ownerOf: (part) => {
        const { number, members } = workers.placement;
        if (placement.number !== number) placement = new Placement(number, members);
        const { objectId } = manifest.reader.objectRef(target.ordinal(part), dataset);
        return placement.owner(objectId, target.stripe(part))?.workerId;
      },
      isHeld: (part) => this.#isHeld(target, part),
      onProgress: () => {
        this.#wake.notify();
        this.changed.notify();
      },
      onFailed: (part, { code, message }) => {
        if (this.#failures.size >= MAX_FAILURES) return;
        const path = manifest.reader.key(target.ordinal(part));
        this.#failures.set(part, { path, code, message });
      },
    });
  }

  #isHeld(target: PreloadTarget, part: number): boolean {
    const { workers, dataset } = this.#options;
    const { first, end } = target.blocksOf(part);
    if (first === end) return true;
    const alive = workers.aliveIds();
    const one = alive.some(
      (workerId) => workers.held.blocks(workerId, dataset.id)?.hasRange(first, end) === true,
    );
    if (one || end - first === 1) return one;
    const union = workers.held.union(alive, dataset.id);
    const held = union.hasRange(first, end);
    union.dispose();
    return held;
  }

  /** Without those that came to be held in another way. */
  #lastingFailures(): PreloadFailure[] {
    const lasting = [...this.#failures].filter(
      ([part]) => part < 0 || this.#target?.isMissing(part) === true,
    );
    const byFile = new Map(
      lasting.map(([part, failure]) => [part < 0 ? part : this.#target?.ordinal(part), failure]),
    );
    return [...byFile.values()];
  }

  #end(state: FinalState): void {
    this.#state = state;
    this.changed.notify();
  }
}
