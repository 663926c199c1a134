/**
 * What the disks of a worker are told of its datasets: how much of each this worker is to serve, and may keep; how
 * much is read of each; what is planned, and what must stay. Each disk gets its share by capacity.
 *
 * Always true: a disk that is taken back knows what the others know; of a dataset that is gone nothing is left.
 */
import type { Clock, ObjectRef } from '../../common/index.ts';
import { ReadRates } from '../admission/index.ts';
import type { Admission, Expected, PlannedRows, Protection } from '../admission/index.ts';
import type { RecordStore } from './record-store.ts';
import type { StoredObject } from './stored-object.ts';

export interface PolicyDisk {
  readonly admission: Admission;
  readonly order: Pick<RecordStore, 'keptOrder'>;
}

export interface DatasetPoliciesOptions {
  /** The good ones. */
  readonly disks: () => readonly PolicyDisk[];
  readonly clock: Clock;
  readonly windowMs: number;
}

export class DatasetPolicies {
  readonly #options: DatasetPoliciesOptions;
  readonly #expected = new Map<number, Expected>();
  readonly #plans = new Map<number, PlannedRows>();
  readonly #protections = new Map<string, Protection>();
  readonly #reads: ReadRates;
  #rates: ReadonlyMap<number, number> = new Map();

  constructor(options: DatasetPoliciesOptions) {
    const { windowMs, clock } = options;
    this.#options = options;
    this.#reads = new ReadRates({ windowMs }, clock.monotonicMs());
  }

  get windowMs(): number {
    return this.#options.windowMs;
  }

  setExpected(datasetId: number, expected: Expected): void {
    this.#expected.set(datasetId, expected);
    this.#expect(datasetId, expected);
  }

  /** Bytes of an object went to a reader. */
  read({ datasetId, firstBlock }: ObjectRef, bytes: number): void {
    this.#reads.read(datasetId, bytes);
    if (!this.#plans.has(datasetId)) return;
    for (const { admission } of this.#options.disks()) admission.touched({ datasetId, firstBlock });
  }

  /** A mount opened it, and may read it without telling. */
  opened({ record }: StoredObject): void {
    const [reference] = record.references;
    if (reference === undefined) return;
    this.#reads.opened(reference.datasetId, record.sizeBytes);
    if (!this.#plans.has(reference.datasetId)) return;
    for (const { admission } of this.#options.disks()) admission.touched(reference);
  }

  /** Looks whether jobs have started or stopped: quotas follow. */
  tick(): void {
    const rates = this.#reads.tick(this.#options.clock.monotonicMs());
    if (rates === undefined) return;
    this.#rates = rates;
    for (const { admission } of this.#options.disks()) admission.setRates(rates);
  }

  /** The plans of two jobs or more of a dataset; undefined where they are known no more. */
  setLookAhead(datasetId: number, rows: PlannedRows | undefined): void {
    if (rows === undefined) this.#plans.delete(datasetId);
    else this.#plans.set(datasetId, rows);
    for (const disk of this.#options.disks()) lookAhead(disk, datasetId, rows);
  }

  protect(name: string, protection: Protection): void {
    this.#protections.set(name, protection);
    for (const { admission } of this.#options.disks()) admission.protect(name, protection);
  }

  unprotect(name: string): void {
    this.#protections.delete(name);
    for (const { admission } of this.#options.disks()) admission.unprotect(name);
  }

  /** The dataset is gone. */
  forget(datasetId: number): void {
    this.#expected.delete(datasetId);
    this.#reads.forget(datasetId);
    this.setLookAhead(datasetId, undefined);
    for (const [name, { datasetId: of }] of this.#protections) {
      if (of === datasetId) this.unprotect(name);
    }
    for (const { admission } of this.#options.disks()) admission.setExpected(datasetId, undefined);
  }

  /** Disks, or their capacities, are others now. */
  tellAll(): void {
    for (const [datasetId, expected] of this.#expected) this.#expect(datasetId, expected);
    for (const disk of this.#options.disks()) {
      disk.admission.setRates(this.#rates);
      for (const [name, protection] of this.#protections) disk.admission.protect(name, protection);
    }
  }

  /** A disk is used again. */
  tellPlans(disk: PolicyDisk): void {
    for (const [datasetId, rows] of this.#plans) lookAhead(disk, datasetId, rows);
  }

  #expect(datasetId: number, expected: Expected): void {
    const disks = this.#options.disks();
    const capacityBytes = disks.reduce((sum, { admission }) => sum + admission.capacityBytes, 0);
    for (const { admission } of disks) {
      const part = capacityBytes === 0 ? 1 : admission.capacityBytes / capacityBytes;
      const limitBytes = expected.limitBytes && expected.limitBytes * part;
      admission.setExpected(datasetId, { ...expected, share: expected.share * part, limitBytes });
    }
  }
}

function lookAhead(disk: PolicyDisk, datasetId: number, rows: PlannedRows | undefined): void {
  disk.admission.setLookAhead(
    datasetId,
    rows,
    rows === undefined ? [] : disk.order.keptOrder(datasetId),
  );
}
