/**
 * How each dataset is read, as far as this worker sees it.
 *
 * It sees what its own readers read through it, or tell it of, and what other nodes ask it for. What the page cache
 * or a passthrough file answers it does not see: a pass of which it sees under half is `unknown`, and changes nothing.
 *
 * Always true: memory is bounded; of the versions for which there is no room the longest untouched is forgotten.
 */
import { LRUCache } from 'lru-cache';
import type { DatasetPolicy } from '../../common/index.ts';
import { classify, SAME_ORDER } from './classify.ts';
import type { Pattern } from './classify.ts';
import { BYTES_PER_ENTRY, Passes } from './passes.ts';
import type { RecordedOrder } from './recorded-order.ts';

export interface PatternsOptions {
  /** How many of all objects this worker is to see in one pass: 0 … 1. */
  readonly share: () => number;
}

export interface TouchedVersion {
  readonly datasetId: number;
  readonly version: number;
  readonly entries: number;
  /** Of the entries, those that are files. */
  readonly files: number;
}

export interface DatasetPattern extends Pattern {
  readonly datasetId: number;
  readonly version: number;
}

interface Watched {
  readonly of: TouchedVersion;
  readonly passes: Passes;
  /** Made when it is asked for; of so many passes. */
  recorded: { readonly passes: number; readonly ordinals: Uint32Array } | undefined;
}

/** Of all versions together. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_VERSIONS = 1_024;
const MAX_TOUCHERS = 65_535;
/** Told with each heartbeat, about 80 bytes each. */
const MAX_LISTED = 64;

export class Patterns {
  readonly #options: PatternsOptions;
  readonly #watched = new LRUCache<string, Watched>({
    max: MAX_VERSIONS,
    maxSize: MAX_BYTES,
    sizeCalculation: ({ of }) => 1 + of.entries * BYTES_PER_ENTRY,
  });
  readonly #touchers = new Map<string, number>();
  #policies: ReadonlyMap<number, DatasetPolicy> = new Map();

  constructor(options: PatternsOptions) {
    this.#options = options;
  }

  /** @param reader the node that read it, by the id of its worker; undefined where that is not known */
  touched(version: TouchedVersion, ordinal: number, reader: string | undefined): void {
    this.#of(version)?.passes.touch(ordinal, this.#number(reader));
  }

  /** Another worker than the one whose reader asks is the object's first toucher. */
  keptBy(version: TouchedVersion, ordinal: number, workerId: string): void {
    this.#of(version)?.passes.keptBy(ordinal, this.#number(workerId));
  }

  /** What somebody has set, of all datasets that are not `auto`. Who reads what is counted anew where it changes. */
  setPolicies(policies: ReadonlyMap<number, DatasetPolicy>): void {
    const before = this.#policies;
    this.#policies = policies;
    for (const { of, passes } of this.#watched.values()) {
      const id = of.datasetId;
      if (before.get(id) !== policies.get(id)) passes.forgetTouchers();
    }
  }

  /** Of each dataset the version that was touched last: of those that are read now, not of thousands. */
  list(): DatasetPattern[] {
    const found = new Map<number, DatasetPattern>();
    for (const { of, passes } of this.#watched.values()) {
      if (found.has(of.datasetId)) continue;
      if (found.size === MAX_LISTED) break;
      const { datasetId, version } = of;
      found.set(datasetId, { datasetId, version, ...this.#classify(of, passes) });
    }
    return [...found.values()];
  }

  /** Undefined unless the same order came again, or somebody has set that it will. */
  orderOf(datasetId: number): RecordedOrder | undefined {
    for (const watched of this.#watched.values()) {
      const { of, passes } = watched;
      if (of.datasetId !== datasetId) continue;
      if (!this.#isReplayed(of, passes)) return undefined;
      const count = passes.evidence.passes;
      if (watched.recorded?.passes !== count) {
        watched.recorded = { passes: count, ordinals: passes.order() };
      }
      const { ordinals } = watched.recorded;
      return { datasetId, version: of.version, ordinals, cursor: passes.cursor };
    }
    return undefined;
  }

  #isReplayed(of: TouchedVersion, passes: Passes): boolean {
    const policy = this.#policies.get(of.datasetId);
    if (policy === 'repeated') return passes.evidence.passes > 0;
    const { kind, correlation = 0 } = this.#classify(of, passes);
    return policy !== 'shuffled' && kind !== 'unknown' && correlation >= SAME_ORDER;
  }

  #classify({ files }: TouchedVersion, passes: Passes): Pattern {
    return classify(passes.evidence, files * this.#options.share());
  }

  /** Undefined where the version has too many entries to be watched. */
  #of(version: TouchedVersion): Watched | undefined {
    const key = `${String(version.datasetId)}/${String(version.version)}`;
    const known = this.#watched.get(key);
    if (known !== undefined) return known;
    if (1 + version.entries * BYTES_PER_ENTRY > MAX_BYTES) return undefined;
    const watched = { of: version, passes: new Passes(version.entries), recorded: undefined };
    this.#watched.set(key, watched);
    return watched;
  }

  #number(reader: string | undefined): number {
    if (reader === undefined || reader === '') return 0;
    let number = this.#touchers.get(reader);
    if (number === undefined) {
      if (this.#touchers.size >= MAX_TOUCHERS) return 0;
      number = this.#touchers.size + 1;
      this.#touchers.set(reader, number);
    }
    return number;
  }
}
