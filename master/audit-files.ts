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
    return new AuditFiles(manifest, await PreloadTarget.load(manifest.reader, [0], clock, signal));
  }

  get blocks(): number {
    return this.#target.blocks;
  }

  /** How much of the version is held. */
  measure(held: ReadonlyBitmap): TargetProgress {
    return this.#target.measure(held);
  }

  /** As of the last `measure`. */
  *missing(): Generator<{ readonly path: () => Buffer; readonly sizeBytes: number }> {
    for (let file = 0; file < this.#target.files; file += 1) {
      if (!this.#target.isMissing(file)) continue;
      yield { path: () => this.#path(file), sizeBytes: this.#target.sizeBytes(file) };
    }
  }

  /** Of the file whose first block it is; undefined where no file of this version begins there. */
  sizeAt(firstBlock: number): number | undefined {
    const file = this.#fileOf(firstBlock);
    if (file === undefined || this.#target.blocksOf(file).first !== firstBlock) return undefined;
    return this.#target.sizeBytes(file);
  }

  /** Of the file that a block belongs to; empty where it is of no file of this version. */
  pathAt(block: number): Buffer {
    const file = this.#fileOf(block);
    return file === undefined ? Buffer.alloc(0) : this.#path(file);
  }

  /** One past the last block of the file that a block belongs to, or the largest number there is. */
  endAt(block: number): number {
    const file = this.#fileOf(block);
    return file === undefined ? BLOCK_NUMBERS_END : this.#target.blocksOf(file).end;
  }

  [Symbol.dispose](): void {
    this.#target[Symbol.dispose]();
    this.#manifest[Symbol.dispose]();
  }

  #path(file: number): Buffer {
    return this.#manifest.reader.key(this.#target.ordinal(file));
  }

  /** Files are by their first block. One without blocks begins where the next does: the last of those counts. */
  #fileOf(block: number): number | undefined {
    let low = 0;
    let high = this.#target.files;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#target.blocksOf(middle).first <= block) low = middle + 1;
      else high = middle;
    }
    for (let file = low - 1; file >= 0; file -= 1) {
      const { first, end } = this.#target.blocksOf(file);
      if (end > first) return block < end ? file : undefined;
    }
    return undefined;
  }
}
