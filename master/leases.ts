/**
 * Who holds which version, and until when. A lease that is not renewed ends `ttlMs` after its last
 * renewal, by the monotonic clock; after a restart of the master each is given its time once more,
 * because the master cannot know what it missed.
 */
import type { LeaseRecord } from './records.ts';

interface Lease {
  readonly record: LeaseRecord;
  readonly expiresAtMs: number;
}

export class Leases {
  readonly #leases = new Map<string, Lease>();

  constructor(records: readonly LeaseRecord[], nowMs: number) {
    for (const record of records) this.take(record, nowMs);
  }

  /** Takes or renews; returns whether the record is new or differs from the one before. */
  take(record: LeaseRecord, nowMs: number): boolean {
    const key = keyOf(record);
    const before = this.#leases.get(key)?.record;
    this.#leases.set(key, { record, expiresAtMs: nowMs + record.ttlMs });
    return before?.ttlMs !== record.ttlMs || before.what !== record.what;
  }

  /** Returns whether there was such a lease. */
  release(lease: Pick<LeaseRecord, 'datasetId' | 'version' | 'holder'>): boolean {
    return this.#leases.delete(keyOf(lease));
  }

  live(nowMs: number): LeaseRecord[] {
    return [...this.#leases.values()]
      .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
      .map(({ record }) => record);
  }

  liveOf(datasetId: number, version: number | undefined, nowMs: number): LeaseRecord[] {
    return this.live(nowMs).filter(
      (lease) =>
        lease.datasetId === datasetId && (version === undefined || lease.version === version),
    );
  }

  /** Forgets what has ended, and returns it. */
  expire(nowMs: number): LeaseRecord[] {
    const ended = [...this.#leases].filter(([, { expiresAtMs }]) => expiresAtMs <= nowMs);
    for (const [key] of ended) this.#leases.delete(key);
    return ended.map(([, { record }]) => record);
  }

  forgetDataset(datasetId: number): void {
    for (const [key, { record }] of this.#leases) {
      if (record.datasetId === datasetId) this.#leases.delete(key);
    }
  }
}

function keyOf(lease: Pick<LeaseRecord, 'datasetId' | 'version' | 'holder'>): string {
  return `${lease.datasetId}/${lease.version}/${lease.holder}`;
}
