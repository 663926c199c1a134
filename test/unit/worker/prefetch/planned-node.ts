/** One worker whose jobs have plans, on admission as it is and a cache without files: what comes from the origin is counted. */
import { setImmediate } from 'node:timers/promises';
import { BAND_BUCKETS, Placement, silentLogger } from '../../../../common/index.ts';
import type { ObjectRef } from '../../../../common/index.ts';
import { parsePlan } from '../../../../common/plans/index.ts';
import { BlockIndex } from '../../../../common/prediction/index.ts';
import { epochOrder } from '../../../../common/samplers/index.ts';
import { Admission } from '../../../../worker/admission/index.ts';
import { openPlans } from '../../../../worker/plans/index.ts';
import type { JobPlans } from '../../../../worker/plans/index.ts';
import { Prefetch } from '../../../../worker/prefetch/index.ts';
import type { OpenedVersion } from '../../../../worker/versions.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { bandOf, shuffled, SimulatedCache } from '../admission/simulated-cache.ts';
import { build, entry } from '../../common/manifest/support.ts';
import { refOf } from '../fetching/memory-origin.ts';

const DATASET = 7;
const SIZE_BYTES = 1_000;
/** As of the kept region. */
const KEPT_REGION = 0.92;

export interface Counts {
  /** Of the dataset, in this epoch. */
  readonly origin: number;
  /** Of it, what came after somebody had asked for it. */
  readonly waited: number;
}

export class PlannedNode implements AsyncDisposable {
  readonly plans: JobPlans;
  readonly #files: number;
  readonly #clock = new ManualClock();
  readonly #cache: SimulatedCache;
  readonly #prefetch: Prefetch;
  readonly #opened: OpenedVersion;
  readonly #ordinals: number[];
  readonly #coming = new Set<number>();
  #origin = 0;
  #waited = 0;

  constructor(files: number, keptShare: number) {
    this.#files = files;
    const names = Array.from({ length: files }, (_, i) => `f${String(i).padStart(5, '0')}`);
    const { reader } = build(names.map((name) => entry(name, { sizeBytes: SIZE_BYTES })));
    this.#ordinals = names.map((name) => reader.find(Buffer.from(name)));
    const fileOf = new Map(this.#ordinals.map((ordinal, file) => [ordinal, file]));
    this.#opened = {
      ...{ dataset: { id: DATASET }, version: 1 },
      replica: {
        ...{ reader, copied: Promise.resolve() },
        withPages: (_: AbortSignal, use: (it: typeof reader) => unknown) =>
          Promise.resolve(use(reader)),
      },
      objectRef: (_: unknown, ordinal: number) => {
        const file = fileOf.get(ordinal) ?? -1;
        const ref = refOf(names[file] ?? '', SIZE_BYTES);
        return { ...ref, datasetId: DATASET, firstBlock: file };
      },
    } as unknown as OpenedVersion;
    const capacityBytes = (files * SIZE_BYTES * keptShare) / KEPT_REGION;
    const admission = new Admission({ capacityBytes, capacityObjects: Infinity });
    const bandBytes = new Float64Array(BAND_BUCKETS).fill((files * SIZE_BYTES) / BAND_BUCKETS);
    admission.setExpected(DATASET, { bandBytes, share: 1 });
    this.#cache = new SimulatedCache(admission);
    this.plans = this.#openPlans();
    this.#prefetch = this.#openPrefetch();
  }

  async tell(job: number): Promise<void> {
    this.plans.tell({ planId: job, datasetId: DATASET, version: 1, plan: planOf(job) });
    for (let i = 0; i < 100; i += 1) await setImmediate();
  }

  /** Jobs side by side, each in the order of its plan but for batches that its loaders read in any order. */
  async epoch(epoch: number, jobs: readonly number[], batch: number): Promise<Counts> {
    const before = { origin: this.#origin, waited: this.#waited };
    const orders = jobs.map((job) => [...epochOrder(planOf(job), this.#files, epoch)]);
    for (let at = 0; at < this.#files; at += batch) {
      const parts = orders.map((order) => {
        const part = order.slice(at, at + batch);
        return shuffled(part.length, at + 1).map((i) => part[i] ?? 0);
      });
      for (let i = 0; i < batch; i += 1) {
        for (const part of parts) {
          const file = part[i];
          if (file !== undefined) await this.#read(file);
        }
      }
    }
    return {
      origin: (this.#origin - before.origin) / this.#files,
      waited: (this.#waited - before.waited) / this.#files,
    };
  }

  async #read(file: number): Promise<void> {
    const held = this.#held(file);
    if (held === undefined) {
      this.#waited += 1;
      this.#fetch(file);
    } else {
      held.open = false;
      this.#cache.read({ datasetId: DATASET, file, bytes: SIZE_BYTES });
    }
    this.#prefetch.note(this.#opened, this.#ordinals[file] ?? -1, SIZE_BYTES);
    await this.#clock.advance(1);
    for (let i = 0; i < 4; i += 1) await setImmediate();
  }

  #fetch(file: number): void {
    this.#coming.delete(file);
    this.#origin += 1;
    this.#cache.read({ datasetId: DATASET, file, bytes: SIZE_BYTES });
  }

  #held(file: number) {
    return this.#cache.held.get(`${String(DATASET)}/${String(file)}`);
  }

  #openPlans(): JobPlans {
    const firstBlock = Uint32Array.from({ length: this.#files }, (_, file) => file);
    const band = firstBlock.map((file) => bandOf(DATASET, file));
    const index = new BlockIndex({
      ...{ firstBlock, band, object: firstBlock },
      blocks: firstBlock.map(() => 1),
    });
    return openPlans({
      versions: { get: () => Promise.resolve(this.#opened) },
      store: {
        policies: {
          setLookAhead: (datasetId, rows) => {
            const { admission, order } = this.#cache;
            admission.setLookAhead(datasetId, rows, order.kept(datasetId));
          },
        },
      },
      predictions: { indexOf: () => Promise.resolve(index) },
      ...{ share: () => 1, clock: this.#clock, log: silentLogger },
    });
  }

  #openPrefetch(): Prefetch {
    const { admission } = this.#cache;
    return new Prefetch({
      ...{ workerId: 'me', log: silentLogger, clock: this.#clock, plans: this.plans },
      placement: () => new Placement(1, []),
      orderOf: () => undefined,
      isScattered: () => false,
      reads: {
        holdsBlock: (_, file) => this.#held(file) !== undefined || this.#coming.has(file),
        roomAhead: ({ firstBlock }, ahead) => {
          const band = bandOf(DATASET, firstBlock);
          const sized = { datasetId: DATASET, firstBlock, band, bytes: SIZE_BYTES };
          const { region } = admission.preview(sized, 0);
          return admission.roomAhead({ ...sized, region, objects: 1 }, ahead);
        },
        fetchAhead: (ref) => this.#fetchAhead(ref),
      },
    });
  }

  /** What is to be read stays behind what was, as in the store. */
  async #fetchAhead({ firstBlock: file }: Pick<ObjectRef, 'firstBlock'>): Promise<void> {
    this.#coming.add(file);
    await setImmediate();
    if (!this.#coming.has(file)) return;
    this.#fetch(file);
    const held = this.#held(file);
    if (held?.region === 'transit') held.open = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prefetch[Symbol.dispose]();
    await this.plans[Symbol.asyncDispose]();
  }
}

function planOf(job: number) {
  const said = { dataset: 'd', sampler: 'torch-distributed', epochs: 6, seed: job };
  return parsePlan(JSON.stringify(said));
}
