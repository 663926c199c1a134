/**
 * One preload: from a target set to what became of it.
 *
 *     PENDING ──target known──▶ RUNNING ──nothing missing──▶ COMPLETE
 *        │                         ├──all that is missing has failed──▶ PARTIAL, or FAILED if nothing is held
 *        └──────cancelled──────────┴──cancelled──▶ CANCELLED
 *
 * Always true: progress is |target ∩ held| / |target| over the workers that are alive, computed from
 * their reports; COMPLETE is said only when that is 1; a final state stays.
 */
import { asLarderError, LarderError, Placement } from '../common/index.ts';
import type { Clock, DatasetInfo, Logger } from '../common/index.ts';
import type { PreloadFailure } from '../proto/generated/larder/v1/PreloadFailure.ts';
import type { PreloadProgress } from '../proto/generated/larder/v1/PreloadProgress.ts';
import type { PreloadState } from '../proto/generated/larder/v1/PreloadState.ts';
import { Signal } from './async.ts';
import type { OpenManifest } from './manifests.ts';
import type { MasterTimes } from './options.ts';
import { PreloadLanes } from './preload-lanes.ts';
import { PreloadTarget } from './preload-target.ts';
import type { TargetProgress } from './preload-target.ts';
import type { Workers } from './workers.ts';

export interface PreloadJobOptions {
  readonly id: number;
  readonly dataset: DatasetInfo;
  readonly version: number;
  /** Ordinals of files and directories. */
  readonly roots: readonly number[];
  /** Closed by the job. */
  readonly manifest: OpenManifest;
  readonly workers: Workers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times: Pick<MasterTimes, 'progressMs' | 'preloadStallMs'>;
}

const MAX_FAILURES = 1000;
/** Measuring a large target set takes this share of the time at most. */
const MEASURE_SHARE = 10;

type FinalState = Exclude<PreloadState, 'PENDING' | 'RUNNING'>;

export class PreloadJob {
  /** Notified when progress may have changed. */
  readonly changed = new Signal();
  readonly #options: PreloadJobOptions;
  readonly #cancel = new AbortController();
  readonly #wake = new Signal();
  /** By part; of the first thousand files. */
  readonly #failures = new Map<number, PreloadFailure>();
  #state: PreloadState = 'PENDING';
  #target: PreloadTarget | undefined;
  #lanes: PreloadLanes | undefined;
  #failedFiles = 0;
  #held: TargetProgress = { heldBlocks: 0, heldBytes: 0, heldFiles: 0, heldParts: 0 };

  constructor(options: PreloadJobOptions) {
    this.#options = options;
  }

  get final(): boolean {
    return this.#state !== 'PENDING' && this.#state !== 'RUNNING';
  }

  /** With the failures when the state is final. */
  progress(): PreloadProgress {
    return {
      preload_id: this.#options.id,
      state: this.#state,
      target_blocks: this.#target?.blocks ?? 0,
      held_blocks: this.#held.heldBlocks,
      target_bytes: this.#target?.bytes ?? 0,
      held_bytes: this.#held.heldBytes,
      target_files: this.#target?.files ?? 0,
      held_files: this.#held.heldFiles,
      failed_files: this.#failedFiles,
      failures: this.final ? this.#lastingFailures() : [],
    };
  }

  cancel(): void {
    this.#cancel.abort(new LarderError('CANCELLED'));
    this.#wake.notify();
  }

  /** Runs to a final state. Never rejects. */
  async run(): Promise<void> {
    const { log, workers, manifest, id, dataset } = this.#options;
    const stopListening = workers.held.onChange(({ datasetId }) => {
      if (datasetId === dataset.id) this.#wake.notify();
    });
    try {
      this.#end(await this.#load());
    } catch (error) {
      if (this.#cancel.signal.aborted) this.#end('CANCELLED');
      else {
        const { code, message } = asLarderError(error);
        log.error({ err: error, preload: id }, 'a preload failed');
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
    const { manifest, roots, clock } = this.#options;
    const { signal } = this.#cancel;
    const target = await PreloadTarget.load(manifest.reader, roots, clock, signal);
    this.#target = target;
    this.#lanes = this.#makeLanes(target);
    this.#state = 'RUNNING';
    return this.#drive(target, this.#lanes);
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
      if (this.#held.heldBlocks === target.blocks) return 'COMPLETE';
      if (workers.sessions().length > 0) lastWorkerMs = startMs;
      if (startMs - lastWorkerMs >= times.preloadStallMs)
        lanes.failRest(new LarderError('NO_WORKER'));
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
      await Promise.race([woken, clock.sleep(times.preloadStallMs / 4, signal)]);
    }
  }

  #measure(target: PreloadTarget): void {
    const { workers, dataset } = this.#options;
    const held = workers.held.union(workers.aliveIds(), dataset.id);
    const before = this.#held;
    this.#held = target.measure(held);
    held.dispose();
    if (before.heldBlocks !== this.#held.heldBlocks) this.changed.notify();
  }

  #makeLanes(target: PreloadTarget): PreloadLanes {
    const { workers, dataset, version, manifest } = this.#options;
    let placement = Placement.empty;
    return new PreloadLanes({
      target,
      datasetId: dataset.id,
      version,
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
