/**
 * What a preload still wants of its target set: on any worker, or as one worker's share of the copies that are wanted.
 *
 * Always true: what is held is computed from what workers that are alive report, of a worker's share from its own.
 */
import { LarderError, Placement } from '../common/index.ts';
import type { Clock, DatasetInfo } from '../common/index.ts';
import type { PreloadFailure } from '../proto/generated/larder/v1/PreloadFailure.ts';
import type { OpenManifest } from './manifests.ts';
import type { Pace } from './pace.ts';
import { PreloadLanes } from './preload-lanes.ts';
import type { PreloadTarget, TargetProgress } from './preload-target.ts';
import type { Workers } from './workers.ts';

export interface ShareOptions {
  /** Disposed of by the share. */
  readonly target: PreloadTarget;
  /** Unset: whoever owns a part is to have it, and whoever holds it has it. */
  readonly workerId?: string | undefined;
  readonly dataset: DatasetInfo;
  readonly version: number;
  readonly manifest: OpenManifest;
  readonly workers: Workers;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly isFirstAt: (workerId: string) => boolean;
  readonly onProgress: () => void;
}

const MAX_FAILURES = 1000;

export class PreloadShare implements Disposable {
  readonly target: PreloadTarget;
  readonly lanes: PreloadLanes;
  /** As of the last `measure`. */
  held: TargetProgress = { heldBlocks: 0, heldBytes: 0, heldFiles: 0, heldParts: 0 };
  readonly #options: ShareOptions;
  /** By part, of the first thousand. */
  readonly #failures = new Map<number, PreloadFailure>();
  #placement = Placement.empty;
  #lastWorkerMs: number;

  constructor(options: ShareOptions) {
    this.#options = options;
    this.target = options.target;
    this.#lastWorkerMs = options.clock.monotonicMs();
    this.lanes = this.#makeLanes();
  }

  get isComplete(): boolean {
    return this.held.heldBlocks === this.target.blocks;
  }

  /** All that is missing has failed. */
  get isOver(): boolean {
    return this.lanes.failedParts() === this.target.parts - this.held.heldParts;
  }

  measure(): void {
    const { workers, dataset } = this.#options;
    const held = workers.held.union(this.#holders(), dataset.id);
    this.held = this.target.measure(held);
    held.dispose();
  }

  /** Gives up where nobody was there to fetch for so long. */
  failWithoutWorkers(stallMs: number): void {
    const { clock, workers, workerId } = this.#options;
    const nowMs = clock.monotonicMs();
    const isThere =
      workerId === undefined
        ? workers.sessions().length > 0
        : workers.session(workerId) !== undefined;
    if (isThere) this.#lastWorkerMs = nowMs;
    if (nowMs - this.#lastWorkerMs < stallMs) return;
    this.lanes.failRest(
      new LarderError('NO_WORKER', workerId === undefined ? {} : { worker: workerId }),
    );
  }

  /** Without those that came to be held in another way; by file. */
  failures(): PreloadFailure[] {
    const lasting = [...this.#failures].filter(([part]) => this.target.isMissing(part));
    return [...new Map(lasting.map(([part, it]) => [this.target.ordinal(part), it])).values()];
  }

  [Symbol.dispose](): void {
    this.lanes.cancel();
    this.target[Symbol.dispose]();
  }

  #holders(): string[] {
    const { workers, workerId } = this.#options;
    const alive = workers.aliveIds();
    return workerId === undefined ? alive : alive.filter((id) => id === workerId);
  }

  #makeLanes(): PreloadLanes {
    const { target, workers, dataset, version, manifest, pace, clock } = this.#options;
    return new PreloadLanes({
      ...{ target, version, pace, clock },
      datasetId: dataset.id,
      isFirstAt: this.#options.isFirstAt,
      session: (workerId) => {
        const session = workers.session(workerId);
        return session?.heldReported === true ? session : undefined;
      },
      ownerOf: (part) => this.#options.workerId ?? this.#ownerOf(part),
      isHeld: (part) => this.#isHeld(part),
      onProgress: this.#options.onProgress,
      onFailed: (part, { code, message }) => {
        if (this.#failures.size >= MAX_FAILURES) return;
        const path = manifest.reader.key(target.ordinal(part));
        const on = this.#options.workerId;
        const where = on === undefined ? '' : ` (on worker ${on})`;
        this.#failures.set(part, { path, code, message: `${message}${where}` });
      },
    });
  }

  #ownerOf(part: number): string | undefined {
    const { workers, manifest, dataset } = this.#options;
    const { number, members } = workers.placement;
    if (this.#placement.number !== number) this.#placement = new Placement(number, members);
    const { objectId } = manifest.reader.objectRef(this.target.ordinal(part), dataset);
    return this.#placement.owner(objectId, this.target.stripe(part))?.workerId;
  }

  #isHeld(part: number): boolean {
    const { workers, dataset } = this.#options;
    const { first, end } = this.target.blocksOf(part);
    if (first === end) return true;
    const holders = this.#holders();
    const one = holders.some(
      (workerId) => workers.held.blocks(workerId, dataset.id)?.hasRange(first, end) === true,
    );
    if (one || end - first === 1 || holders.length < 2) return one;
    const union = workers.held.union(holders, dataset.id);
    const held = union.hasRange(first, end);
    union.dispose();
    return held;
  }
}
