/**
 * One version, open for reading: names and attributes from its manifest, bytes through the router.
 */
import {
  blockCount,
  clampLength,
  LarderError,
  printableKey,
  STRIPE_BYTES,
  stripeOf,
} from '../common/index.ts';
import type { DatasetInfo, Entry, ManifestReader, ObjectRef } from '../common/index.ts';
import { withMissing } from '../rpc/manifests/index.ts';
import type { Connection } from './connection.ts';
import type { VersionManifest } from './manifest.ts';
import type { HeldExtent } from './mount-source.ts';
import { readWhole } from './many.ts';
import { pathBytes } from './paths.ts';
import type { DatasetPath } from './paths.ts';
import type { FileRange } from './router.ts';

export interface VersionReaderParts {
  readonly connection: Connection;
  readonly dataset: DatasetInfo;
  readonly version: number;
  readonly manifest: VersionManifest;
}

export class VersionReader implements AsyncDisposable {
  readonly dataset: DatasetInfo;
  readonly version: number;
  readonly manifest: VersionManifest;
  readonly #connection: Connection;

  constructor(parts: VersionReaderParts) {
    this.dataset = parts.dataset;
    this.version = parts.version;
    this.manifest = parts.manifest;
    this.#connection = parts.connection;
  }

  /** Runs `task` again after each manifest page that it misses was brought here. */
  pages<T>(task: (reader: ManifestReader) => T, signal: AbortSignal): Promise<T> {
    return withMissing(
      () => task(this.manifest.reader),
      ({ offsetBytes, lengthBytes }) => this.manifest.ensure(offsetBytes, lengthBytes, signal),
    );
  }

  /** @throws {LarderError} `NOT_FOUND` */
  async find(path: DatasetPath, signal: AbortSignal): Promise<Entry> {
    const bytes = pathBytes(path);
    return await this.pages((reader) => {
      const ordinal = reader.find(bytes);
      if (ordinal < 0) {
        throw new LarderError('NOT_FOUND', {
          dataset: this.dataset.name,
          path: printableKey(bytes),
        });
      }
      return reader.entry(ordinal);
    }, signal);
  }

  object(ordinal: number, signal: AbortSignal): Promise<ObjectRef> {
    return this.pages((reader) => reader.objectRef(ordinal, this.dataset), signal);
  }

  /**
   * @returns 0 … lengthBytes bytes; fewer only at the end of the file
   * @throws {LarderError} origin errors, `CANCELLED`, `DEADLINE_EXCEEDED`, `UNAVAILABLE`
   */
  async read(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
    memory?: Buffer,
  ): Promise<Buffer> {
    const ref = await this.object(ordinal, signal);
    const length = clampLength(offsetBytes, lengthBytes, ref.sizeBytes);
    if (length === 0) return Buffer.alloc(0);
    const parts = inStripes(ref.sizeBytes, offsetBytes, length);
    if (parts.length > 1) {
      const reads = parts.map((part) =>
        this.read(ordinal, part.offsetBytes, part.lengthBytes, signal),
      );
      return Buffer.concat(await Promise.all(reads));
    }
    return await this.#connection.router.read(
      this.#range(ordinal, ref, offsetBytes, length),
      signal,
      memory?.length === length ? memory : undefined,
    );
  }

  /** Whole files, those of one owner together. @throws {LarderError} as `read` */
  async readWhole(ordinals: readonly number[], signal: AbortSignal): Promise<Buffer[]> {
    const ranges: FileRange[] = [];
    for (const ordinal of ordinals) {
      const ref = await this.object(ordinal, signal);
      ranges.push(this.#range(ordinal, ref, 0, ref.sizeBytes));
    }
    const { router, config, placement } = this.#connection;
    const options = { router, config, placement: () => placement.current.number };
    return await readWhole(ranges, options, signal);
  }

  /**
   * As `read` of a range that lies within the file, but the worker on this node may say in which of its
   * files the bytes are.
   */
  async hold(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
  ): Promise<HeldExtent | Buffer[]> {
    const ref = await this.object(ordinal, signal);
    if (inStripes(ref.sizeBytes, offsetBytes, lengthBytes).length > 1) {
      return [await this.read(ordinal, offsetBytes, lengthBytes, signal)];
    }
    const range = this.#range(ordinal, ref, offsetBytes, lengthBytes);
    const answer = await this.#connection.router.hold(range, signal);
    return Buffer.isBuffer(answer) ? [answer] : { objectId: ref.objectId, ...answer };
  }

  /** To the owner of that part of the file; nothing where it cannot be reached. */
  async reportMapped(ordinal: number, offsetBytes: number, signal: AbortSignal): Promise<void> {
    const ref = await this.object(ordinal, signal);
    const range = this.#range(ordinal, ref, offsetBytes, 0);
    const owner = await this.#connection.router.owner(range);
    owner?.reportMapped({ address: range.file, offsetBytes });
  }

  async heldBytes(ordinal: number, signal: AbortSignal): Promise<number> {
    const ref = await this.object(ordinal, signal);
    if (blockCount(ref.sizeBytes, ref.blockSizeBytes) === 0) return 0;
    // Each stripe by its owner: others may have some of it as well, and would count twice.
    const stripes = Array.from({ length: blockCount(ref.sizeBytes, STRIPE_BYTES) }, (_, stripe) => {
      const offsetBytes = stripe * STRIPE_BYTES;
      const lengthBytes = Math.min(STRIPE_BYTES, ref.sizeBytes - offsetBytes);
      const range = this.#range(ordinal, ref, offsetBytes, lengthBytes);
      return this.#connection.router.held(range, signal);
    });
    const states = await Promise.all(stripes);
    return states.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.manifest[Symbol.asyncDispose]();
  }

  #range(ordinal: number, ref: ObjectRef, offsetBytes: number, lengthBytes: number): FileRange {
    const file = { datasetId: this.dataset.id, version: this.version, ordinal };
    const { replicas, policy } = this.dataset.settings;
    return { file, ref, offsetBytes, lengthBytes, replicas, policy };
  }
}

/** A range in parts that have one owner each. */
function inStripes(
  sizeBytes: number,
  offsetBytes: number,
  lengthBytes: number,
): { offsetBytes: number; lengthBytes: number }[] {
  const endBytes = offsetBytes + lengthBytes;
  const cutBytes = (stripeOf(offsetBytes, sizeBytes) + 1) * STRIPE_BYTES;
  if (sizeBytes <= STRIPE_BYTES || endBytes <= cutBytes) return [{ offsetBytes, lengthBytes }];
  return [
    { offsetBytes, lengthBytes: cutBytes - offsetBytes },
    ...inStripes(sizeBytes, cutBytes, endBytes - cutBytes),
  ];
}
