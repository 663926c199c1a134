/**
 * Keys of a listing that have no entry, with the reason, on their way into the catalog.
 *
 * Always true: every key is counted; the first million are kept.
 */
import type { Catalog } from './catalog.ts';
import type { SkippedKey, VersionRecord } from './records.ts';

const KEPT_KEYS = 1_000_000;
const CHUNK_KEYS = 1024;

export class SkippedWriter {
  readonly #catalog: Catalog;
  readonly #version: Pick<VersionRecord, 'datasetId' | 'number'>;
  #pending: SkippedKey[] = [];
  #chunks = 0;
  #kept = 0;
  count = 0;

  constructor(catalog: Catalog, version: Pick<VersionRecord, 'datasetId' | 'number'>) {
    this.#catalog = catalog;
    this.#version = version;
  }

  /** To be called before the first key: an earlier try may have left some. */
  clear(): Promise<void> {
    return this.#catalog.clearSkipped(this.#version);
  }

  add(key: Buffer, reason: string): void {
    this.count += 1;
    if (this.#kept >= KEPT_KEYS) return;
    this.#kept += 1;
    this.#pending.push({ key, reason });
  }

  /** Writes full chunks; to be called after each batch of keys. */
  async drain(): Promise<void> {
    while (this.#pending.length >= CHUNK_KEYS) await this.#write(CHUNK_KEYS);
  }

  async finish(): Promise<void> {
    await this.drain();
    if (this.#pending.length > 0) await this.#write(this.#pending.length);
  }

  async #write(keys: number): Promise<void> {
    const chunk = this.#pending.slice(0, keys);
    this.#pending = this.#pending.slice(keys);
    await this.#catalog.putSkipped(this.#version, this.#chunks, chunk);
    this.#chunks += 1;
  }
}
