/** The files of the audited version by block: which path a block belongs to, and how large its file is. */
import type { Clock } from '../common/index.ts';
import { BLOCK_NUMBERS_END } from '../rpc/bitmaps/index.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';
import type { OpenManifest } from './manifests.ts';
import { PreloadTarget } from './preload-target.ts';
import type { TargetProgress } from './preload-target.ts';

export class AuditFiles implements Disposable {
  readonly #manifest: OpenManifest;
  readonly #target: PreloadTarget;

  constructor(manifest: OpenManifest, target: PreloadTarget) {
    this.#manifest = manifest;
    this.#target = target;
  }

  static async load(
    manifest: OpenManifest,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<AuditFiles> {
    return new AuditFiles(
      manifest,
      await PreloadTarget.load(manifest.reader, [0], { clock, signal }),
    );
  }

  get blocks(): number {
    return this.#target.blocks;
  }

  /** How much of the version is held. */
  measure(held: ReadonlyBitmap): TargetProgress {
    return this.#target.measure(held);
  }

  /** As of the last `measure`: files of which anything is missing, each once. */
  *missing(): Generator<{ readonly path: () => Buffer; readonly sizeBytes: number }> {
    let told = -1;
    for (let part = 0; part < this.#target.parts; part += 1) {
      const ordinal = this.#target.ordinal(part);
      if (!this.#target.isMissing(part) || ordinal === told) continue;
      told = ordinal;
      yield { path: () => this.#path(part), sizeBytes: this.#sizeFrom(this.#firstOf(part)) };
    }
  }

  /** Of the file whose first block it is; undefined where no file of this version begins there. */
  sizeAt(firstBlock: number): number | undefined {
    const part = this.#partOf(firstBlock);
    if (part === undefined || this.#target.blocksOf(part).first !== firstBlock) return undefined;
    return this.#firstOf(part) === part ? this.#sizeFrom(part) : undefined;
  }

  /** Of the file that a block belongs to; empty where it is of no file of this version. */
  pathAt(block: number): Buffer {
    const part = this.#partOf(block);
    return part === undefined ? Buffer.alloc(0) : this.#path(part);
  }

  /** One past the last block of the file that a block belongs to, or the largest number there is. */
  endAt(block: number): number {
    let part = this.#partOf(block);
    if (part === undefined) return BLOCK_NUMBERS_END;
    while (this.#isSameFile(part, part + 1)) part += 1;
    return this.#target.blocksOf(part).end;
  }

  [Symbol.dispose](): void {
    this.#target[Symbol.dispose]();
    this.#manifest[Symbol.dispose]();
  }

  #path(part: number): Buffer {
    return this.#manifest.reader.key(this.#target.ordinal(part));
  }

  /** The parts of a file follow one another. */
  #isSameFile(part: number, other: number): boolean {
    const isThere = other >= 0 && other < this.#target.parts;
    return isThere && this.#target.ordinal(part) === this.#target.ordinal(other);
  }

  #firstOf(part: number): number {
    let first = part;
    while (this.#isSameFile(part, first - 1)) first -= 1;
    return first;
  }

  #sizeFrom(first: number): number {
    let sizeBytes = 0;
    for (let part = first; part === first || this.#isSameFile(first, part); part += 1) {
      sizeBytes += this.#target.sizeBytes(part);
    }
    return sizeBytes;
  }

  /** Parts are by their first block. One without blocks begins where the next does: the last of those counts. */
  #partOf(block: number): number | undefined {
    let low = 0;
    let high = this.#target.parts;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#target.blocksOf(middle).first <= block) low = middle + 1;
      else high = middle;
    }
    for (let part = low - 1; part >= 0; part -= 1) {
      const { first, end } = this.#target.blocksOf(part);
      if (end > first) return block < end ? part : undefined;
    }
    return undefined;
  }
}
