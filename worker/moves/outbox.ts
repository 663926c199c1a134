/**
 * Collects what is to be told to each worker, and tells it in frames of many entries.
 *
 * Always true: to each worker one frame at a time, in order; who could not be told is left out from then on,
 * and named in `failed`.
 */
import type { PlacementMember } from '../../common/index.ts';
import { MAX_MOVE_ENTRIES } from '../../rpc/frames/index.ts';
import type { MoveList } from '../../rpc/frames/index.ts';

export type Told = Pick<MoveList, 'datasetId' | 'version' | 'flag'>;

export interface OutboxOptions {
  readonly workerId: string;
  /** The number that the entries are computed with. */
  readonly placement: number;
  readonly send: (member: PlacementMember, list: MoveList) => Promise<void>;
}

interface Batch {
  readonly member: PlacementMember;
  readonly told: Told;
  readonly ordinals: number[];
}

export class Outbox {
  /** Why each worker that could not be told could not. */
  readonly failed = new Map<string, unknown>();
  readonly #options: OutboxOptions;
  readonly #batches = new Map<string, Batch>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Resolves when there is room for more. */
  async add(member: PlacementMember, told: Told, ordinal: number): Promise<void> {
    const { workerId } = member;
    if (this.failed.has(workerId)) return;
    let batch = this.#batches.get(workerId);
    if (batch !== undefined && !isSame(batch.told, told)) {
      await this.#send(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = { member, told, ordinals: [] };
      this.#batches.set(workerId, batch);
    }
    batch.ordinals.push(ordinal);
    if (batch.ordinals.length === MAX_MOVE_ENTRIES) await this.#send(batch);
  }

  /** Tells what is left. */
  async flush(): Promise<void> {
    await Promise.all([...this.#batches.values()].map((batch) => this.#send(batch)));
  }

  /** Tells one thing that is not about entries. */
  async tell(member: PlacementMember, told: Told): Promise<void> {
    if (!this.failed.has(member.workerId)) await this.#send({ member, told, ordinals: [] });
  }

  async #send({ member, told, ordinals }: Batch): Promise<void> {
    this.#batches.delete(member.workerId);
    const { workerId, placement, send } = this.#options;
    try {
      await send(member, { ...told, workerId, placement, ordinals });
    } catch (error) {
      this.failed.set(member.workerId, error);
    }
  }
}

function isSame(a: Told, b: Told): boolean {
  return a.datasetId === b.datasetId && a.version === b.version && a.flag === b.flag;
}
