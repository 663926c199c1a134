/**
 * A copy of a manifest on this node: opened as soon as its footer is here, filled up in the
 * background, with what a reader misses fetched first.
 *
 * Always true:
 *   - the file has its final size from the beginning, and holes where pages have not arrived; readers
 *     tell by each page's checksum, so other processes may read it while it fills up;
 *   - `<path>.whole` exists only once every byte was written.
 */
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import {
  asLarderError,
  LarderError,
  ManifestReader,
  MIB,
  PageMissing,
  untilAborted,
} from '../../common/index.ts';
import type { Clock, FileRange, Logger } from '../../common/index.ts';
import { FilePageSource } from './manifest-file.ts';

/** Bytes of the manifest, in order, from wherever it is copied. */
export type ManifestFetch = (
  offsetBytes: number,
  lengthBytes: number,
  signal: AbortSignal,
) => AsyncIterable<{ readonly offset: number; readonly data: Buffer }>;

export interface ManifestReplicaOptions {
  readonly path: string;
  /** Of the whole manifest. */
  readonly sizeBytes: number;
  readonly fetch: ManifestFetch;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One background request: small enough that a page that is missed does not wait long behind it. */
const COPY_BYTES = MIB;
const COPY_RETRY_MS = 500;
/** A page that is still not right after this often was damaged at its source. */
const MAX_TRIES = 3;

export class ManifestReplica implements AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly reader: ManifestReader;
  readonly #options: ManifestReplicaOptions;
  readonly #source: FilePageSource;
  readonly #file: FileHandle;
  readonly #present: boolean[];
  readonly #fetching = new Map<number, Promise<void>>();
  readonly #closing = new AbortController();
  #presentBytes: number;
  #copied: Promise<void> = Promise.resolve();

  /** Not for callers: see the static method. */
  constructor(parts: {
    options: ManifestReplicaOptions;
    source: FilePageSource;
    file: FileHandle;
    reader: ManifestReader;
    whole: boolean;
  }) {
    const { options, source, file, reader, whole } = parts;
    this.path = options.path;
    this.sizeBytes = options.sizeBytes;
    this.reader = reader;
    this.#options = options;
    this.#source = source;
    this.#file = file;
    this.#present = reader.pages.map(() => whole);
    this.#presentBytes = whole ? this.sizeBytes : this.sizeBytes - sum(reader.pages);
    if (!whole) this.#copied = this.#copyAll();
  }

  /** Resolves when the footer is here. @throws {LarderError} what `fetch` throws, `MANIFEST_CORRUPT` */
  static async open(
    options: ManifestReplicaOptions,
    signal: AbortSignal,
  ): Promise<ManifestReplica> {
    fs.mkdirSync(path.dirname(options.path), { recursive: true });
    const whole = fs.existsSync(`${options.path}.whole`);
    const file = await open(options.path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    let source: FilePageSource | undefined;
    try {
      await file.truncate(options.sizeBytes);
      const opened = new FilePageSource(options.path, options.sizeBytes);
      source = opened;
      const reader = await withMissing(
        () => ManifestReader.open(opened),
        (missing) => copyRange(options.fetch, file, missing, signal),
      );
      return new ManifestReplica({ options, source: opened, file, reader, whole });
    } catch (error) {
      source?.close();
      await file.close();
      throw error;
    }
  }

  /** 0 … 100. */
  get percent(): number {
    if (this.#presentBytes === this.sizeBytes) return 100;
    return Math.floor((100 * this.#presentBytes) / this.sizeBytes);
  }

  /** Resolves when everything is here, or the replica was closed before. */
  get copied(): Promise<void> {
    return this.#copied;
  }

  /**
   * Fetches the pages that a range touches, because a reader missed them. One that was here already
   * is fetched again: it was damaged.
   *
   * @throws {LarderError} what `fetch` throws
   */
  async ensure(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<void> {
    const end = offsetBytes + lengthBytes;
    const { pages } = this.reader;
    const wanted = pages.flatMap((page, i) =>
      page.offsetBytes < end && page.offsetBytes + page.lengthBytes > offsetBytes ? [i] : [],
    );
    await Promise.all(wanted.map((page) => this.#fetchPage(page, signal)));
  }

  /** Runs `task` again after each page that it misses was fetched. */
  withPages<T>(signal: AbortSignal, task: (reader: ManifestReader) => T): Promise<T> {
    return withMissing(
      () => task(this.reader),
      ({ offsetBytes, lengthBytes }) => this.ensure(offsetBytes, lengthBytes, signal),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#copied;
    await Promise.allSettled(this.#fetching.values());
    this.#source.close();
    await this.#file.close();
  }

  async #fetchPage(page: number, signal: AbortSignal): Promise<void> {
    let fetching = this.#fetching.get(page);
    if (fetching === undefined) {
      fetching = this.#copyPage(page).finally(() => this.#fetching.delete(page));
      this.#fetching.set(page, fetching);
    }
    // The copy is everybody's: one requester that goes away does not end it.
    await untilAborted(fetching, signal);
  }

  async #copyPage(page: number): Promise<void> {
    const range = this.reader.pages[page];
    if (range === undefined) return;
    await copyRange(this.#options.fetch, this.#file, range, this.#closing.signal);
    this.#markPresent(page, page + 1);
  }

  async #copyAll(): Promise<void> {
    const { clock, log, fetch } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const run = this.#nextMissing();
      try {
        if (run === undefined) {
          fs.writeFileSync(`${this.path}.whole`, '');
          return;
        }
        await copyRange(fetch, this.#file, run.range, signal);
        this.#markPresent(run.first, run.end);
      } catch (error) {
        log.debug({ err: error, manifest: this.path }, 'copying a manifest: trying again');
        await clock.sleep(COPY_RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  /** The first pages that are missing, up to one request. */
  #nextMissing(): { first: number; end: number; range: FileRange } | undefined {
    const { pages } = this.reader;
    const first = this.#present.indexOf(false);
    const start = pages[first];
    if (start === undefined) return undefined;
    let end = first;
    let lengthBytes = 0;
    while (this.#present[end] === false) {
      const next = pages[end]?.lengthBytes ?? 0;
      if (end > first && lengthBytes + next > COPY_BYTES) break;
      lengthBytes += next;
      end += 1;
    }
    return { first, end, range: { offsetBytes: start.offsetBytes, lengthBytes } };
  }

  #markPresent(first: number, end: number): void {
    for (let page = first; page < end; page += 1) {
      if (this.#present[page] === true) continue;
      this.#present[page] = true;
      this.#presentBytes += this.reader.pages[page]?.lengthBytes ?? 0;
    }
  }
}

/** Runs `task` until it misses nothing; `fetch` brings what it misses. */
export async function withMissing<T>(
  task: () => T,
  fetch: (missing: PageMissing) => Promise<void>,
): Promise<T> {
  const tries = new Map<number, number>();
  for (;;) {
    try {
      return task();
    } catch (error) {
      if (!(error instanceof PageMissing)) throw error;
      const count = (tries.get(error.offsetBytes) ?? 0) + 1;
      tries.set(error.offsetBytes, count);
      if (count > MAX_TRIES) {
        throw new LarderError(
          'MANIFEST_CORRUPT',
          { offsetBytes: error.offsetBytes },
          { cause: error },
        );
      }
      await fetch(error);
    }
  }
}

async function copyRange(
  fetch: ManifestFetch,
  file: FileHandle,
  range: FileRange,
  signal: AbortSignal,
): Promise<void> {
  let copied = 0;
  for await (const { offset, data } of fetch(range.offsetBytes, range.lengthBytes, signal)) {
    await file.write(data, 0, data.length, offset).catch((cause: unknown) => {
      throw new LarderError('CACHE_IO', { why: asLarderError(cause).message }, { cause });
    });
    copied += data.length;
  }
  if (copied !== range.lengthBytes) {
    throw new LarderError('UNAVAILABLE', {
      what: 'the rest of a manifest',
      copied,
      of: range.lengthBytes,
    });
  }
}

function sum(pages: readonly FileRange[]): number {
  return pages.reduce((total, page) => total + page.lengthBytes, 0);
}
