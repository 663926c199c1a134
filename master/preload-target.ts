/**
 * The target set of a preload: the files that it is to make held, and which of their blocks are not.
 *
 * Always true: what is held is computed from bitmaps each time, never counted up; a file is in the set
 * once, however many of the named paths contain it.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { blockCount, blockLength, LarderError } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import { emptyAttributes } from '../common/manifest/index.ts';
import type { ManifestReader } from '../common/manifest/index.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';
import { Breather } from './breathe.ts';

/** How much of a target set is held. */
export interface TargetProgress {
  readonly heldBlocks: number;
  readonly heldBytes: number;
  readonly heldFiles: number;
}

/**
 * Finds named paths.
 *
 * @returns ordinals of files and directories
 * @throws {LarderError} `NOT_FOUND` naming the path; `INVALID_ARGUMENT` for a symlink
 */
export function resolvePaths(reader: ManifestReader, paths: readonly Buffer[]): number[] {
  if (paths.length === 0) return [0];
  return paths.map((path) => {
    const ordinal = reader.find(withoutSlashes(path));
    if (ordinal < 0) throw new LarderError('NOT_FOUND', { path: path.toString() });
    if (reader.entry(ordinal).kind === 'symlink') {
      const expected = 'a file or a directory, not a symlink';
      throw new LarderError('INVALID_ARGUMENT', { path: path.toString(), expected });
    }
    return ordinal;
  });
}

export class PreloadTarget implements Disposable {
  readonly files: number;
  readonly bytes: number;
  readonly blocks: number;
  readonly #blockSizeBytes: number;
  /** By first block, so that one walk over the missing blocks finds their files. */
  readonly #ordinals: Uint32Array;
  readonly #firstBlocks: Uint32Array;
  readonly #sizes: Float64Array;
  readonly #missing: Uint8Array;
  readonly #all: RoaringBitmap32;

  constructor(blockSizeBytes: number, columns: TargetColumns) {
    this.#blockSizeBytes = blockSizeBytes;
    const { ordinals, firstBlocks, sizes } = sorted(columns);
    this.files = ordinals.length;
    this.#ordinals = ordinals;
    this.#firstBlocks = firstBlocks;
    this.#sizes = sizes;
    this.#missing = new Uint8Array(this.files);
    this.#all = new RoaringBitmap32();
    for (let file = 0; file < this.files; file += 1) {
      const { first, end } = this.blocksOf(file);
      this.#all.addRange(first, end);
    }
    this.bytes = sizes.reduce((sum, size) => sum + size, 0);
    this.blocks = this.#all.size;
  }

  /** @param roots ordinals of files and directories */
  static async load(
    reader: ManifestReader,
    roots: readonly number[],
    clock: Clock,
    signal: AbortSignal,
  ): Promise<PreloadTarget> {
    const breather = new Breather(clock, signal);
    const attributes = emptyAttributes();
    const seen = new RoaringBitmap32();
    const columns: TargetColumns = { ordinals: [], firstBlocks: [], sizes: [] };
    for (const root of roots) {
      const isFile = reader.attributes(root, attributes).kind === 'file';
      for (const ordinal of isFile ? [root] : reader.files(root)) {
        if (!seen.tryAdd(ordinal)) continue;
        const { sizeBytes, firstBlock } = reader.attributes(ordinal, attributes);
        columns.ordinals.push(ordinal);
        columns.firstBlocks.push(firstBlock);
        columns.sizes.push(sizeBytes);
        await breather.breathe();
      }
    }
    seen.dispose();
    return new PreloadTarget(reader.summary.blockSizeBytes, columns);
  }

  ordinal(file: number): number {
    return this.#ordinals[file] ?? 0;
  }

  sizeBytes(file: number): number {
    return this.#sizes[file] ?? 0;
  }

  /** Block numbers of a file. */
  blocksOf(file: number): { first: number; end: number } {
    const first = this.#firstBlocks[file] ?? 0;
    return { first, end: first + blockCount(this.sizeBytes(file), this.#blockSizeBytes) };
  }

  /** As of the last `measure`. */
  isMissing(file: number): boolean {
    return this.#missing[file] === 1;
  }

  /** Compares with what is held, and marks the files of which anything is missing. */
  measure(held: ReadonlyBitmap): TargetProgress {
    const bitmap = this.#all.clone().andNotInPlace(held);
    const missing = bitmap.toUint32Array();
    bitmap.dispose();
    let at = 0;
    let missingBytes = 0;
    let missingFiles = 0;
    for (let file = 0; file < this.files; file += 1) {
      const { first, end } = this.blocksOf(file);
      const before = at;
      for (let block = missing[at]; block !== undefined && block < end; block = missing[at]) {
        missingBytes += blockLength(block - first, this.sizeBytes(file), this.#blockSizeBytes);
        at += 1;
      }
      this.#missing[file] = at > before ? 1 : 0;
      if (at > before) missingFiles += 1;
    }
    return {
      heldBlocks: this.blocks - missing.length,
      heldBytes: this.bytes - missingBytes,
      heldFiles: this.files - missingFiles,
    };
  }

  [Symbol.dispose](): void {
    this.#all.dispose();
  }
}

/** One place in each per file, in any order. */
export interface TargetColumns {
  readonly ordinals: number[];
  readonly firstBlocks: number[];
  readonly sizes: number[];
}

function sorted({ ordinals, firstBlocks, sizes }: TargetColumns) {
  const order = Uint32Array.from(ordinals, (_ordinal, i) => i);
  order.sort((a, b) => (firstBlocks[a] ?? 0) - (firstBlocks[b] ?? 0));
  return {
    ordinals: order.map((i) => ordinals[i] ?? 0),
    firstBlocks: order.map((i) => firstBlocks[i] ?? 0),
    sizes: Float64Array.from(order, (i) => sizes[i] ?? 0),
  };
}

function withoutSlashes(path: Buffer): Buffer {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === 0x2f) start += 1;
  while (end > start && path[end - 1] === 0x2f) end -= 1;
  return path.subarray(start, end);
}
