/**
 * Has workers read again what they hold of a target set, and drop what does not match its checksums.
 *
 * Always true: each worker that is alive is asked, once it has reported what it holds, and again where it went away
 * before it was through; one that comes later is asked as well. What it drops is reported as gone before it is counted.
 */
import { asLarderError } from '../common/index.ts';
import type { LarderError } from '../common/index.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';
import { visit } from './visits.ts';
import type { WorkerSession } from './worker-session.ts';
import type { Workers } from './workers.ts';

export interface VerificationOptions {
  readonly workers: Workers;
  readonly datasetId: number;
  readonly blocks: ReadonlyBitmap;
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
}

export class PreloadVerification {
  verifiedBytes = 0;
  /** That were wrong, at each worker. */
  damagedFiles = 0;
  /** Of workers that cannot. */
  readonly failures: LarderError[] = [];
  readonly #options: VerificationOptions;
  readonly #through = new Set<string>();
  readonly #running = new Set<string>();

  constructor(options: VerificationOptions) {
    this.#options = options;
  }

  /** Every worker that is alive is through. */
  get isOver(): boolean {
    return this.#options.workers.aliveIds().every((workerId) => this.#through.has(workerId));
  }

  /** Asks those that were not asked yet. */
  begin(): void {
    for (const session of this.#options.workers.sessions()) {
      const { workerId } = session;
      if (!session.heldReported || this.#through.has(workerId)) continue;
      if (this.#running.has(workerId)) continue;
      this.#running.add(workerId);
      void this.#verify(session);
    }
  }

  /** Never rejects. */
  async #verify(session: WorkerSession): Promise<void> {
    const { datasetId, blocks, signal, onProgress } = this.#options;
    const { workerId } = session;
    let seenBytes = 0;
    try {
      const onCounts: Parameters<typeof visit>[1]['onCounts'] = (counts) => {
        for (const { what, objects, bytes } of counts) {
          seenBytes += bytes;
          this.verifiedBytes += bytes;
          if (what === 'damaged') this.damagedFiles += objects;
        }
        onProgress();
      };
      await visit(session, { datasetId, blocks, action: 'verify', onCounts }, signal);
      this.#through.add(workerId);
    } catch (error) {
      const failure = asLarderError(error);
      if (failure.code === 'UNAVAILABLE' || failure.code === 'CANCELLED') {
        // It is read again from the beginning; what was wrong is gone, and stays counted.
        this.verifiedBytes -= seenBytes;
      } else {
        this.failures.push(failure);
        this.#through.add(workerId);
      }
    } finally {
      this.#running.delete(workerId);
      onProgress();
    }
  }
}
