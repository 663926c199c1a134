/**
 * One preload: from a target set to what became of it.
 *
 *     PENDING ──target known──▶ RUNNING ──nothing missing──▶ COMPLETE
 *        │                         ├──all that is missing has failed──▶ PARTIAL, or FAILED if nothing is held
 *        └──────cancelled──────────┴──cancelled──▶ CANCELLED
 *
 * Always true: progress is |target ∩ held| / |target| over the workers that are alive, computed from
 * their reports; where copies are wanted, summed over those, each on its worker; COMPLETE is said only when that is 1 and every path was found; a target set without a
 * file is FAILED; a final state stays.
 */
import { asLarderError, LarderError } from '../common/index.ts';
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
import { wantedShares } from './preload-copies.ts';
import { resolvePaths } from './preload-paths.ts';
import { PreloadShare } from './preload-share.ts';
import type { ShareOptions } from './preload-share.ts';
import { hasCopies, pathsOf } from './preload-spec.ts';
import { PreloadTarget } from './preload-target.ts';
import { PreloadVerification } from './preload-verification.ts';
import { ProgressRate } from './progress-rate.ts';
import type { PreloadOutcome, PreloadRecord } from './records.ts';
import type { Workers } from './workers.ts';

export interface PreloadJobOptions {
  readonly record: PreloadRecord;
  readonly dataset: DatasetInfo;
  /** Closed by the job. */
  readonly manifest: OpenManifest;
  readonly workers: Workers;
  /** Another version of the dataset. @throws {LarderError} `NOT_FOUND` */
  readonly openVersion: (version: number) => OpenManifest;
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
  readonly #pace: Pace;
  /** On the monotonic clock. */
  readonly #deadlineMs: number;
  /** Of paths, and (at -1) of the preload as a whole; of the first thousand. */
  readonly #failures = new Map<number, PreloadFailure>();
  #state: PreloadState = 'PENDING';
  #target: PreloadTarget | undefined;
  #shares: readonly PreloadShare[] = [];
  #verification: PreloadVerification | undefined;
  #failedFiles = 0;
  /** Of the list, that are not there. */
  #failedPaths = 0;

  constructor(options: PreloadJobOptions) {
    this.#options = options;
    const { clock, record } = options;
    this.#pace = new Pace(record.bandwidthBytes ?? 0);
    const leftMs = (record.deadlineAtMs ?? Infinity) - clock.wallMs();
    this.#deadlineMs = clock.monotonicMs() + leftMs;
  }

  get final(): boolean {
    return isFinal(this.#state);
  }

  /** Whether there is something for this worker that was not sent yet. */
  hasQueued(workerId: string): boolean {
    return this.#shares.some(({ lanes }) => lanes.hasQueued(workerId));
  }

  /** With the failures when the state is final. */
  progress(): PreloadProgress & { readonly state: PreloadState } {
    const nowMs = this.#options.clock.monotonicMs();
    const held = this.#held();
    const { heldBytes, bytes: targetBytes } = held;
    const rate = this.final
      ? this.#rate.overall(heldBytes, nowMs)
      : this.#rate.recent(heldBytes, nowMs);
    return {
      preload_id: this.#options.record.id,
      state: this.#state,
      target_blocks: held.blocks,
      held_blocks: held.heldBlocks,
      target_bytes: targetBytes,
      held_bytes: heldBytes,
      target_files: held.files,
      held_files: held.heldFiles,
      failed_files: this.#failedFiles + this.#failedPaths,
      failures: this.final ? this.#lastingFailures() : [],
      bytes_per_second: rate,
      rest_ms: rate === 0 || this.final ? 0 : Math.ceil(((targetBytes - heldBytes) * 1000) / rate),
      left_out_files: this.#target?.leftOut ?? 0,
      counts_copies: hasCopies(this.#options.record),
      verified_bytes: this.#verification?.verifiedBytes ?? 0,
      damaged_files: this.#verification?.damagedFiles ?? 0,
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
        const hasSome = this.#state === 'RUNNING' && this.#held().heldBlocks > 0;
        this.#end(hasSome ? 'PARTIAL' : 'FAILED');
      }
    } finally {
      stopListening();
      for (const share of this.#shares) share[Symbol.dispose]();
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
    using before = await this.#before();
    const limits = { clock, signal, budgetBytes, without: before?.allBlocks };
    const target = await PreloadTarget.load(manifest.reader, roots, limits);
    this.#target = target;
    if (target.files === 0) {
      if (failures.length > 0) return 'FAILED';
      // Nothing has changed, or only files without bytes.
      if (before !== undefined && target.leftOut === 0) return 'COMPLETE';
      throw target.leftOut > 0
        ? new LarderError('INVALID_ARGUMENT', { budgetBytes, what: 'no file fits into it' })
        : new LarderError('NOT_FOUND', { what: 'there is no file to preload' });
    }
    await this.#share(target);
    this.#measure();
    this.#checkDeadline();
    await onTarget(target.allBlocks);
    if (record.verify === true) this.#verification = this.#makeVerification(target);
    this.#state = 'RUNNING';
    return await this.#drive(target);
  }

  /** Of a preload of what has changed, all that the older version has. @throws {LarderError} `NOT_FOUND` */
  async #before(): Promise<PreloadTarget | undefined> {
    const { record, openVersion, clock } = this.#options;
    const { changedSince = 0 } = record;
    if (changedSince === 0) return undefined;
    using manifest = openVersion(changedSince);
    return await PreloadTarget.load(manifest.reader, [0], { clock, signal: this.#cancel.signal });
  }

  /** @throws {LarderError} `DEADLINE_EXCEEDED` where it cannot be met */
  #checkDeadline(): void {
    const { record, fastest, workers, clock } = this.#options;
    const { deadlineMs = 0 } = record;
    const sessions = workers.sessions();
    // What is held is not known yet.
    if (sessions.length === 0 || sessions.some((session) => !session.heldReported)) return;
    const bytesPerSecond = fastest?.() ?? 0;
    if (deadlineMs === 0 || bytesPerSecond === 0) return;
    const { bytes, heldBytes } = this.#held();
    const missingBytes = bytes - heldBytes;
    const neededMs = Math.ceil((missingBytes * 1000) / bytesPerSecond);
    if (clock.monotonicMs() + neededMs <= this.#deadlineMs) return;
    const what = 'the preload cannot be done in time';
    throw new LarderError('DEADLINE_EXCEEDED', { what, deadlineMs, neededMs, bytesPerSecond });
  }

  async #drive(target: PreloadTarget): Promise<FinalState> {
    const { workers, clock, times, record } = this.#options;
    const { signal } = this.#cancel;
    let placement = workers.placement.number;
    for (;;) {
      const woken = Promise.race([this.#wake.wait(), workers.changed.wait()]);
      if (workers.placement.number !== placement) {
        placement = workers.placement.number;
        if (hasCopies(record)) await this.#share(target);
        else for (const { lanes } of this.#shares) lanes.rescan();
      }
      const startMs = clock.monotonicMs();
      this.#measure();
      const restMs = (clock.monotonicMs() - startMs) * MEASURE_SHARE;
      signal.throwIfAborted();
      this.#verification?.begin();
      const end = this.#outcome(startMs);
      if (end !== undefined) return end;
      for (const { lanes } of this.#shares) {
        if (lanes.idle) lanes.rescan();
        while (lanes.pump()) await clock.sleep(0, signal);
      }
      await clock.sleep(Math.max(times.progressMs, restMs), signal);
      await this.#idle(woken);
    }
  }

  /** Undefined: it goes on. */
  #outcome(nowMs: number): FinalState | undefined {
    const shares = this.#shares;
    const { isOver: isVerified = true, failures = [] } = this.#verification ?? {};
    if (isVerified && shares.every(({ isComplete }) => isComplete)) {
      return this.#failedPaths + failures.length === 0 ? 'COMPLETE' : 'PARTIAL';
    }
    if (!isVerified && nowMs >= this.#deadlineMs) {
      throw new LarderError('DEADLINE_EXCEEDED', { what: 'not all that is held was verified' });
    }
    for (const share of shares) {
      share.failWithoutWorkers(this.#options.times.preloadStallMs);
      if (nowMs < this.#deadlineMs) continue;
      const what = 'the preload ran out of time';
      share.lanes.failRest(new LarderError('DEADLINE_EXCEEDED', { what }));
    }
    this.#failedFiles = shares.reduce((sum, { lanes }) => sum + lanes.failedFiles(), 0);
    if (!isVerified || !shares.every(({ isOver }) => isOver)) return undefined;
    return this.#held().heldBlocks > 0 ? 'PARTIAL' : 'FAILED';
  }

  /** Until something has changed, or a time has come. */
  async #idle(woken: Promise<void>): Promise<void> {
    const { clock, times } = this.#options;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#cancel.signal]);
    const waitMs = Math.min(
      times.preloadStallMs / 4,
      ...this.#shares.map(({ lanes }) => lanes.heldBackMs() ?? Infinity),
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

  #measure(): void {
    const before = this.#held().heldBlocks;
    for (const share of this.#shares) share.measure();
    const { heldBlocks, heldBytes } = this.#held();
    this.#rate.sample(heldBytes, this.#options.clock.monotonicMs());
    if (before !== heldBlocks) this.changed.notify();
  }

  /** Over all shares. */
  #held() {
    const sum = (of: (share: PreloadShare) => number) =>
      this.#shares.reduce((all, share) => all + of(share), 0);
    return {
      heldBlocks: sum(({ held }) => held.heldBlocks),
      heldBytes: sum(({ held }) => held.heldBytes),
      heldFiles: sum(({ held }) => held.heldFiles),
      blocks: sum(({ target }) => target.blocks),
      bytes: sum(({ target }) => target.bytes),
      files: sum(({ target }) => target.files),
    };
  }

  /** What is wanted of which worker, by the placement as it is. */
  async #share(target: PreloadTarget): Promise<void> {
    const { record, workers, manifest, dataset, clock } = this.#options;
    const { replicas = 0, on = [] } = record;
    const { placement } = workers;
    const wanted = hasCopies(record)
      ? await wantedShares({
          ...{ target, placement, replicas, on, dataset, clock },
          reader: manifest.reader,
          signal: this.#cancel.signal,
        })
      : [{ workerId: undefined, target: target.some(undefined) }];
    for (const share of this.#shares) share[Symbol.dispose]();
    this.#shares = wanted.map((one) => this.#makeShare(one));
  }

  #makeShare(one: Pick<ShareOptions, 'workerId' | 'target'>): PreloadShare {
    const { workers, dataset, record, manifest, clock, isFirstAt } = this.#options;
    return new PreloadShare({
      ...one,
      ...{ workers, dataset, manifest, clock, isFirstAt },
      version: record.version,
      pace: this.#pace,
      onProgress: () => {
        this.#wake.notify();
        this.changed.notify();
      },
    });
  }

  /** Of paths, of the preload as a whole, and of files; the last of each share by itself. */
  #lastingFailures(): PreloadFailure[] {
    const ofShares = this.#shares.flatMap((share) => share.failures());
    const path = Buffer.alloc(0);
    const ofWorkers = (this.#verification?.failures ?? []).map(({ code, message }) => ({
      ...{ path, code, message },
    }));
    return [...ofWorkers, ...this.#failures.values(), ...ofShares].slice(0, MAX_FAILURES);
  }

  #makeVerification(target: PreloadTarget): PreloadVerification {
    const { workers, dataset } = this.#options;
    return new PreloadVerification({
      ...{ workers, datasetId: dataset.id, blocks: target.allBlocks },
      signal: this.#cancel.signal,
      onProgress: () => {
        this.#wake.notify();
        this.changed.notify();
      },
    });
  }

  #end(state: FinalState): void {
    this.#state = state;
    this.changed.notify();
  }
}
