/** A store and a reader in a directory of their own, for a test. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectRef } from '../../../../common/index.ts';
import { ObjectReader } from '../../../../worker/fetching/index.ts';
import type { ObjectReaderOptions } from '../../../../worker/fetching/index.ts';
import { ObjectStore } from '../../../../worker/store/index.ts';
import type { ObjectStoreOptions } from '../../../../worker/store/index.ts';
import { contentOf, MemoryOrigin } from './memory-origin.ts';

export interface LarderOptions extends Partial<Omit<ObjectReaderOptions, 'store' | 'originFor'>> {
  readonly store?: Partial<ObjectStoreOptions> & { readonly capacityBytes?: number };
  readonly origin?: MemoryOrigin;
  /** Default: a new one, deleted in the end. */
  readonly directory?: string;
}

export class Larder implements AsyncDisposable {
  readonly directory: string;
  readonly store: ObjectStore;
  readonly reader: ObjectReader;
  readonly origin: MemoryOrigin;
  readonly #owned: boolean;

  constructor(parts: {
    directory: string;
    store: ObjectStore;
    origin: MemoryOrigin;
    options: LarderOptions;
  }) {
    this.directory = parts.directory;
    this.store = parts.store;
    this.origin = parts.origin;
    this.#owned = parts.options.directory === undefined;
    const { origin, store, options } = parts;
    this.reader = new ObjectReader({ ...options, store, originFor: async () => origin });
  }

  static async open(options: LarderOptions = {}): Promise<Larder> {
    const directory = options.directory ?? temporaryDirectory();
    const { capacityBytes, ...others } = options.store ?? {};
    const directories = [{ path: directory, capacityBytes }];
    const store = await ObjectStore.open({ directories, ...others });
    return new Larder({ directory, store, origin: options.origin ?? new MemoryOrigin(), options });
  }

  /** Of its first disk. */
  get completeDirectory(): string {
    return this.store.completeDirectories[0]!.path;
  }

  async read(
    ref: ObjectRef,
    offsetBytes = 0,
    lengthBytes = ref.sizeBytes - offsetBytes,
    options: { mayFetch?: boolean; signal?: AbortSignal } = {},
  ): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let next = offsetBytes;
    for await (const piece of this.reader.read(ref, offsetBytes, lengthBytes, {
      mayFetch: options.mayFetch ?? true,
      signal: options.signal ?? new AbortController().signal,
    })) {
      if (piece.offsetBytes !== next) throw new Error('a gap between pieces');
      next += piece.bytes.length;
      pieces.push(piece.bytes);
    }
    return Buffer.concat(pieces);
  }

  /** Whether a read gives what the origin has. */
  async readsRight(ref: ObjectRef, offsetBytes = 0, lengthBytes?: number): Promise<boolean> {
    const bytes = await this.read(ref, offsetBytes, lengthBytes);
    return bytes.equals(contentOf(ref.key, offsetBytes, bytes.length));
  }

  heldBlocks(datasetId: number): number[] {
    const blocks = this.store.held.blocks(datasetId);
    try {
      return blocks.toArray();
    } finally {
      blocks.dispose();
    }
  }

  /** Resolves when nothing is fetched any more. */
  async quiet(): Promise<void> {
    await this.reader.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
    if (this.#owned) fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

export function temporaryDirectory(): string {
  return fs.mkdtempSync(join(tmpdir(), 'larder-store-'));
}
