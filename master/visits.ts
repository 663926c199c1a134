/** Has a worker go through what it holds of some blocks, and counts what became of it. */
import { LarderError } from '../common/index.ts';
import type { VisitCount__Output } from '../proto/generated/larder/v1/VisitCount.ts';
import { bitmapParts } from '../rpc/bitmaps/index.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';
import type { WorkerSession } from './worker-session.ts';

export interface Visit {
  readonly datasetId: number;
  /** First blocks of objects are among them. Read while it begins, and not later. */
  readonly blocks: ReadonlyBitmap;
  readonly action: 'free' | 'look' | 'verify';
  readonly onCounts: (counts: readonly VisitCount__Output[]) => void;
}

/** @throws {LarderError} `UNAVAILABLE` where the worker goes away, `CANCELLED`, and what the worker says */
export async function visit(
  session: WorkerSession,
  { datasetId, blocks, action, onCounts }: Visit,
  signal: AbortSignal,
): Promise<void> {
  const parts = [...bitmapParts(blocks)];
  for (const { bytes } of parts) {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      let command = 0;
      const onAbort = () => {
        session.cancel(command);
        reject(new LarderError('CANCELLED'));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      // A session that is closed ends it at once.
      command = session.start(
        (id) => ({ visit: { command: id, dataset_id: datasetId, blocks: bytes, action } }),
        {
          onVisit: ({ counts }) => {
            onCounts(counts);
          },
          onEnd: (failure) => {
            signal.removeEventListener('abort', onAbort);
            if (failure === undefined) resolve();
            else reject(failure);
          },
        },
      );
    });
  }
}
