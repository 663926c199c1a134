/**
 * Keys of a listing that have no entry, with the reason, on their way into the catalog.
 *
 * Always true: every key is counted, also by its reason; the first million are kept. Reasons come from
 * workers, so there is a bound to them: what is no name, or one name too many, counts as `other`.
 */
import type { Catalog } from './catalog.ts';
import type { SkippedKey, VersionRecord } from './records.ts';

const KEPT_KEYS = 1_000_000;
/** A chunk is sent as one message, so it stays well below the limit of those. */
const CHUNK_KEYS = 1024;
const CHUNK_BYTES = 512 * 1024;
const MAX_REASONS = 64;
const REASON = /^[a-z0-9-]{1,64}$/;
const OTHER = 'other';

export class SkippedWriter {
  readonly #catalog: Catalog;
  readonly #version: Pick<VersionRecord, 'datasetId' | 'number'>;
  readonly #full: SkippedKey[][] = [];
  #pending: SkippedKey[] = [];
  #pendingBytes = 0;
  #chunks = 0;
  #kept = 0;
  readonly #reasons = new Map<string, number>();
  count = 0;

  constructor(catalog: Catalog, version: Pick<VersionRecord, 'datasetId' | 'number'>) {
    this.#catalog = catalog;
    this.#version = version;
  }

  /** To be called before the first key: an earlier try may have left some. */
  clear(): Promise<void> {
    return this.#catalog.clearSkipped(this.#version);
  }

  /** How many for which reason. */
  get reasons(): Record<string, number> {
    return Object.fromEntries(this.#reasons);
  }

  add(key: Buffer, given: string): void {
    this.count += 1;
    const reason = this.#known(given);
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    if (this.#kept >= KEPT_KEYS) return;
    this.#kept += 1;
    this.#pending.push({ key, reason });
    this.#pendingBytes += key.length + reason.length;
    if (this.#pending.length >= CHUNK_KEYS || this.#pendingBytes >= CHUNK_BYTES) this.#close();
  }

  /** Writes full chunks; to be called after each batch of keys. */
  async drain(): Promise<void> {
    for (let chunk = this.#full.shift(); chunk !== undefined; chunk = this.#full.shift()) {
      await this.#catalog.putSkipped(this.#version, this.#chunks, chunk);
      this.#chunks += 1;
    }
  }

  async finish(): Promise<void> {
    this.#close();
    await this.drain();
  }

  #known(reason: string): string {
    if (this.#reasons.has(reason)) return reason;
    return this.#reasons.size < MAX_REASONS && REASON.test(reason) ? reason : OTHER;
  }

  #close(): void {
    if (this.#pending.length > 0) this.#full.push(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
