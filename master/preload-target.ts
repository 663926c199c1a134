/**
 * The target set of a preload: the files that it is to make held, and which of their blocks are not. Each
 * file is one part, or as many as it has stripes with owners of their own.
 *
 * Always true: what is held is computed from bitmaps each time, never counted up; a file is in the set
 * once, however many of the named paths contain it.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { blockCount, blockLength, STRIPE_BYTES } from '../common/index.ts';
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
  readonly heldParts: number;
}

export interface TargetLimits {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Files in order, up to the first that does not fit. Default 0: no limit. */
  readonly budgetBytes?: number;
  /** Only files that have other blocks than these. Default: all. */
  readonly without?: ReadonlyBitmap | undefined;
}

export class PreloadTarget implements Disposable {
  readonly files: number;
  readonly parts: number;
  readonly bytes: number;
  readonly blocks: number;
  /** Files that the budget has no room for. */
  readonly leftOut: number;
  readonly #blockSizeBytes: number;
  /** Of parts, by first block, so that one walk over the missing blocks finds them. */
  readonly #ordinals: Uint32Array;
  readonly #firstBlocks: Uint32Array;
  readonly #sizes: Float64Array;
  /** Of parts that are not the first of their file. */
  readonly #stripes: ReadonlyMap<number, number>;
  readonly #missing: Uint8Array;
  readonly #all: RoaringBitmap32;

  constructor(blockSizeBytes: number, source: TargetColumns | Parts) {
    this.#blockSizeBytes = blockSizeBytes;
    const parts = 'files' in source ? source : partsOf(blockSizeBytes, source);
    const { ordinals, firstBlocks, sizes, stripes } = parts;
    this.files = parts.files;
    this.leftOut = source.leftOut ?? 0;
    this.parts = ordinals.length;
    this.#ordinals = ordinals;
    this.#firstBlocks = firstBlocks;
    this.#sizes = sizes;
    this.#stripes = stripes;
    this.#missing = new Uint8Array(this.parts);
    this.#all = new RoaringBitmap32();
    for (let part = 0; part < this.parts; part += 1) {
      const { first, end } = this.blocksOf(part);
      this.#all.addRange(first, end);
    }
    this.bytes = sizes.reduce((sum, size) => sum + size, 0);
    this.blocks = this.#all.size;
  }

  /** @param roots ordinals of files and directories */
  static async load(
    reader: ManifestReader,
    roots: readonly number[],
    { clock, signal, budgetBytes = 0, without }: TargetLimits,
  ): Promise<PreloadTarget> {
    const breather = new Breather(clock, signal);
    const attributes = emptyAttributes();
    const seen = new RoaringBitmap32();
    const columns: TargetColumns = { ordinals: [], firstBlocks: [], sizes: [] };
    let leftOut = 0;
    let bytes = 0;
    for (const root of roots) {
      const isFile = reader.attributes(root, attributes).kind === 'file';
      for (const ordinal of isFile ? [root] : reader.files(root)) {
        await breather.breathe();
        if (!seen.tryAdd(ordinal)) continue;
        const { sizeBytes, firstBlock } = reader.attributes(ordinal, attributes);
        if (without !== undefined && (sizeBytes === 0 || without.has(firstBlock))) continue;
        const fits = budgetBytes === 0 || bytes + sizeBytes <= budgetBytes;
        if (leftOut > 0 || !fits) leftOut += 1;
        else {
          columns.ordinals.push(ordinal);
          columns.firstBlocks.push(firstBlock);
          columns.sizes.push(sizeBytes);
          bytes += sizeBytes;
        }
      }
    }
    seen.dispose();
    return new PreloadTarget(reader.summary.blockSizeBytes, { ...columns, leftOut });
  }

  /** Of some of its parts only, with progress of its own. @param parts ascending; undefined: all of them */
  some(parts: readonly number[] | undefined): PreloadTarget {
    const all = {
      ordinals: this.#ordinals,
      firstBlocks: this.#firstBlocks,
      sizes: this.#sizes,
      stripes: this.#stripes,
    };
    if (parts === undefined) {
      return new PreloadTarget(this.#blockSizeBytes, { ...all, files: this.files });
    }
    const stripes = new Map<number, number>();
    let files = 0;
    let last = -1;
    parts.forEach((part, i) => {
      if (this.stripe(part) > 0) stripes.set(i, this.stripe(part));
      const ordinal = this.ordinal(part);
      if (ordinal !== last) files += 1;
      last = ordinal;
    });
    return new PreloadTarget(this.#blockSizeBytes, {
      ordinals: Uint32Array.from(parts, (part) => this.ordinal(part)),
      firstBlocks: Uint32Array.from(parts, (part) => this.blocksOf(part).first),
      sizes: Float64Array.from(parts, (part) => this.sizeBytes(part)),
      stripes,
      files,
    });
  }

  /** The block numbers of the whole set. */
  get allBlocks(): ReadonlyBitmap {
    return this.#all;
  }

  /** Of the file that a part is of. The parts of a file follow one another. */
  ordinal(part: number): number {
    return this.#ordinals[part] ?? 0;
  }

  stripe(part: number): number {
    return this.#stripes.get(part) ?? 0;
  }

  sizeBytes(part: number): number {
    return this.#sizes[part] ?? 0;
  }

  /** Block numbers of a part. */
  blocksOf(part: number): { first: number; end: number } {
    const first = this.#firstBlocks[part] ?? 0;
    return { first, end: first + blockCount(this.sizeBytes(part), this.#blockSizeBytes) };
  }

  /** As of the last `measure`. */
  isMissing(part: number): boolean {
    return this.#missing[part] === 1;
  }

  /** Of how many files are some parts: those that `isOne` says. */
  filesOf(isOne: (part: number) => boolean): number {
    let files = 0;
    let last = -1;
    for (let part = 0; part < this.parts; part += 1) {
      const ordinal = this.ordinal(part);
      if (ordinal === last || !isOne(part)) continue;
      files += 1;
      last = ordinal;
    }
    return files;
  }

  /** Compares with what is held, and marks the parts of which anything is missing. */
  measure(held: ReadonlyBitmap): TargetProgress {
    const bitmap = this.#all.clone().andNotInPlace(held);
    const missing = bitmap.toUint32Array();
    bitmap.dispose();
    let at = 0;
    let missingBytes = 0;
    let missingParts = 0;
    for (let part = 0; part < this.parts; part += 1) {
      const { first, end } = this.blocksOf(part);
      const before = at;
      for (let block = missing[at]; block !== undefined && block < end; block = missing[at]) {
        missingBytes += blockLength(block - first, this.sizeBytes(part), this.#blockSizeBytes);
        at += 1;
      }
      this.#missing[part] = at > before ? 1 : 0;
      if (at > before) missingParts += 1;
    }
    const isSplit = this.parts > this.files;
    const missingFiles = isSplit ? this.filesOf((part) => this.isMissing(part)) : missingParts;
    return {
      heldBlocks: this.blocks - missing.length,
      heldBytes: this.bytes - missingBytes,
      heldFiles: this.files - missingFiles,
      heldParts: this.parts - missingParts,
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
  /** Files that are not in the columns. Default 0. */
  readonly leftOut?: number;
}

interface Parts {
  readonly files: number;
  readonly leftOut?: number;
  readonly ordinals: Uint32Array;
  readonly firstBlocks: Uint32Array;
  readonly sizes: Float64Array;
  readonly stripes: ReadonlyMap<number, number>;
}

/** By first block, files of several stripes cut into those. */
function partsOf(blockSizeBytes: number, { ordinals, firstBlocks, sizes }: TargetColumns): Parts {
  const order = Uint32Array.from(ordinals, (_ordinal, i) => i);
  order.sort((a, b) => (firstBlocks[a] ?? 0) - (firstBlocks[b] ?? 0));
  const stripesOf = (size: number) => Math.max(1, blockCount(size, STRIPE_BYTES));
  const count = sizes.reduce((sum, size) => sum + stripesOf(size), 0);
  const parts = {
    files: ordinals.length,
    ordinals: new Uint32Array(count),
    firstBlocks: new Uint32Array(count),
    sizes: new Float64Array(count),
    stripes: new Map<number, number>(),
  };
  let part = 0;
  for (const i of order) {
    const size = sizes[i] ?? 0;
    for (let stripe = 0; stripe < stripesOf(size); stripe += 1) {
      const fromBytes = stripe * STRIPE_BYTES;
      parts.ordinals[part] = ordinals[i] ?? 0;
      parts.firstBlocks[part] = (firstBlocks[i] ?? 0) + fromBytes / blockSizeBytes;
      parts.sizes[part] = Math.min(STRIPE_BYTES, size - fromBytes);
      if (stripe > 0) parts.stripes.set(part, stripe);
      part += 1;
    }
  }
  return parts;
}
