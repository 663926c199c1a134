/**
 * Looks at what the disks of a worker have of one dataset, one disk after the other; see `DatasetScan`.
 *
 * A disk that is given up meanwhile is left out: what it had is told as gone, and one that is taken back as come.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { DatasetScan, ScanBatch, ScanRequest } from './dataset-scan.ts';

export interface ScannedDisk {
  /** Fires when it is given up. */
  readonly closing: AbortSignal;
  scan(request: ScanRequest): DatasetScan;
}

export class StoreScan implements Disposable {
  /** What records and memory say is held, as far as the scan has come. */
  readonly held = new RoaringBitmap32();
  readonly #disks: readonly ScannedDisk[];
  readonly #request: ScanRequest;

  constructor(disks: readonly ScannedDisk[], request: ScanRequest) {
    this.#disks = disks;
    this.#request = request;
  }

  async *run(signal: AbortSignal): AsyncGenerator<ScanBatch, void, undefined> {
    for (const disk of this.#disks) {
      if (isGone(disk)) continue;
      using scan = disk.scan(this.#request);
      try {
        yield* scan.run(AbortSignal.any([signal, disk.closing]));
      } catch (error) {
        if (signal.aborted || !isGone(disk)) throw error;
        continue;
      }
      this.held.orInPlace(scan.held);
    }
  }

  [Symbol.dispose](): void {
    this.held.dispose();
  }
}

function isGone({ closing }: ScannedDisk): boolean {
  return closing.aborted;
}
