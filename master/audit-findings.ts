/** Differences that an audit has found: counted all, named up to a limit of each kind and worker. */
import type { AuditCount } from '../proto/generated/larder/v1/AuditCount.ts';
import type { AuditDifference } from '../proto/generated/larder/v1/AuditDifference.ts';

export interface Found {
  readonly kind: string;
  /** Empty: of no worker. */
  readonly workerId: string;
  /** Below the root; empty where it is not known. */
  readonly path: Buffer;
  readonly objectId?: string;
  readonly firstBlock?: number;
  readonly blocks?: number;
  readonly detail: string;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;
/** What a worker says is shown to people: kept short. */
const MAX_TEXT_CHARS = 500;
const MAX_PATH_BYTES = 4096;

export class AuditFindings {
  readonly #limit: number;
  readonly #counts = new Map<string, { kind: string; workerId: string; count: number }>();
  #named: AuditDifference[] = [];

  /** @param limit 0: the default */
  constructor(limit: number) {
    this.#limit = Math.min(MAX_LIMIT, limit === 0 ? DEFAULT_LIMIT : limit);
  }

  /** @param describe called for one that is named */
  add(kind: string, workerId: string, describe: () => Omit<Found, 'kind' | 'workerId'>): void {
    const key = `${kind}/${workerId}`;
    const entry = this.#counts.get(key) ?? { kind, workerId, count: 0 };
    this.#counts.set(key, entry);
    entry.count += 1;
    if (entry.count > this.#limit) return;
    const { path, objectId = '', firstBlock = 0, blocks = 0, detail } = describe();
    this.#named.push({
      kind,
      worker_id: workerId,
      path: path.subarray(0, MAX_PATH_BYTES),
      object_id: objectId.slice(0, MAX_TEXT_CHARS),
      first_block: firstBlock,
      blocks,
      detail: detail.slice(0, MAX_TEXT_CHARS),
    });
  }

  get counts(): AuditCount[] {
    return [...this.#counts.values()].map(({ kind, workerId, count }) => ({
      kind,
      worker_id: workerId,
      count,
    }));
  }

  /** What was named since the last call. */
  take(): AuditDifference[] {
    const named = this.#named;
    this.#named = [];
    return named;
  }
}
