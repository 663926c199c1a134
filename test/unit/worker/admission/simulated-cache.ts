/** What the store does around `Admission`, without files. */
import { bandHash } from '../../../../common/index.ts';
import { ANYONE } from '../../../../worker/admission/index.ts';
import type {
  Admission,
  Candidate,
  Decision,
  EvictionOrder,
  EvictionReason,
  Newcomer,
  Region,
} from '../../../../worker/admission/index.ts';

export interface SimulatedRead {
  readonly datasetId: number;
  /** Its first block is the same number. */
  readonly file: number;
  readonly bytes: number;
}

export interface SimulatedObject extends Candidate {
  readonly bytes: number;
  open: boolean;
  region: Region;
}

export function bandOf(datasetId: number, file: number): number {
  return bandHash(Buffer.from(`${String(datasetId)}/${String(file)}.jpg`));
}

export interface SimulatedEviction {
  readonly object: SimulatedObject;
  readonly reason: EvictionReason;
  /** What its dataset had above its quota. */
  readonly overBytes: number;
}

/** 0 … count − 1, in an order of the seed’s. */
export function shuffled(count: number, seed: number): number[] {
  let state = seed;
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

export class SimulatedCache {
  readonly admission: Admission;
  readonly held = new Map<string, SimulatedObject>();
  nowMs = 0;
  /** How often the order of a dataset was asked for. */
  walks = 0;
  /** Of the last read that was no hit. */
  decision: Decision | undefined;
  readonly evictions: SimulatedEviction[] = [];
  /** Of each dataset those that are kept, the highest band hash first. */
  readonly #kept = new Map<number, SimulatedObject[]>();

  readonly #promotes: boolean;
  readonly #transit = new Set<SimulatedObject>();

  /** @param promotes whether what passes through is sorted anew when it is read; then room is made for the next */
  constructor(admission: Admission, { promotes = true }: { readonly promotes?: boolean } = {}) {
    this.admission = admission;
    this.#promotes = promotes;
  }

  /** Of one dataset, or of all. */
  keptBytes(datasetId?: number): number {
    let sum = 0;
    for (const object of this.held.values()) {
      if (object.region !== 'kept') continue;
      if (datasetId === undefined || object.datasetId === datasetId) sum += object.bytes;
    }
    return sum;
  }

  /** @returns whether it was a hit */
  read({ datasetId, file, bytes }: SimulatedRead): boolean {
    const objectId = `${String(datasetId)}/${String(file)}`;
    const held = this.held.get(objectId);
    if (held !== undefined) {
      this.admission.touched(held);
      if (held.region === 'transit' && this.#promotes) this.#promote(held);
      return true;
    }
    const described = { datasetId, firstBlock: file, band: bandOf(datasetId, file) };
    this.decision = this.admission.classify({ ...described, bytes }, this.nowMs);
    const { region } = this.decision;
    const object: SimulatedObject = { objectId, ...described, bytes, open: false, region };
    if (this.#makeRoom(object)) {
      this.admission.account(object, bytes, 1);
      this.held.set(objectId, object);
      if (object.region === 'kept') this.#insert(object);
      else this.#transit.add(object);
    }
    return false;
  }

  drop(object: SimulatedObject): void {
    this.held.delete(object.objectId);
    this.#transit.delete(object);
    const kept = this.#kept.get(object.datasetId);
    const at = kept?.indexOf(object) ?? -1;
    if (at >= 0) kept?.splice(at, 1);
    this.admission.account(object, -object.bytes, -1);
  }

  /** What the capacity has become too small for. */
  shrink(): void {
    const nobody = { datasetId: ANYONE, firstBlock: 0, band: 0, bytes: 0, objects: 0 } as const;
    const newcomer: Newcomer = { ...nobody, region: 'kept' };
    const { admission, nowMs } = this;
    for (const victim of admission.victims({ shortage: 'total', newcomer, nowMs }, this.order)) {
      if (admission.excess().bytes <= 0) return;
      const object = this.held.get(victim.objectId);
      if (object === undefined) continue;
      this.evictions.push({ object, reason: victim.reason, overBytes: Infinity });
      this.drop(object);
    }
  }

  get order(): EvictionOrder {
    return {
      transit: () => this.#transit,
      replica: () => [],
      kept: (datasetId, fromBand = Infinity) => {
        this.walks += 1;
        const kept = this.#kept.get(datasetId) ?? [];
        return kept.filter(({ band }) => band <= fromBand);
      },
    };
  }

  #makeRoom(object: SimulatedObject): boolean {
    for (;;) {
      const newcomer: Newcomer = { ...object, objects: 1 };
      const shortage = this.admission.shortage(newcomer);
      if (shortage === undefined) return true;
      const { nowMs } = this;
      let isRoomMade = false;
      for (const victim of this.admission.victims({ shortage, newcomer, nowMs }, this.order)) {
        const held = this.held.get(victim.objectId);
        if (held === undefined) continue;
        const { keptBytes, quotaBytes } = this.admission.share(held.datasetId);
        const { reason } = victim;
        this.evictions.push({ object: held, reason, overBytes: keptBytes - quotaBytes });
        this.drop(held);
        isRoomMade = true;
        break;
      }
      if (isRoomMade) continue;
      if (shortage !== 'kept' && shortage !== 'quota') return false;
      object.region = 'transit';
    }
  }

  #promote(object: SimulatedObject): void {
    const { region } = this.admission.classify(object, this.nowMs);
    if (region !== 'kept') return;
    this.admission.account(object, -object.bytes, -1);
    this.#transit.delete(object);
    object.region = region;
    this.admission.account(object, object.bytes, 1);
    this.#insert(object);
  }

  #insert(object: SimulatedObject): void {
    const kept = this.#kept.get(object.datasetId) ?? [];
    this.#kept.set(object.datasetId, kept);
    const at = kept.findIndex(({ band }) => band < object.band);
    kept.splice(at < 0 ? kept.length : at, 0, object);
  }
}
