/**
 * Answers a VisitObjects command: counts of what became of objects, each after the held report that it follows from.
 */
import { LarderError } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import type { VisitCounts } from '../../proto/generated/larder/v1/VisitCounts.ts';
import type { VisitObjects__Output } from '../../proto/generated/larder/v1/VisitObjects.ts';
import { parseBitmap } from '../../rpc/bitmaps/index.ts';
import type { Visited, VisitRequest } from '../store/index.ts';
import type { WorkerHandlers } from './types.ts';

export interface SendVisitsOptions {
  readonly message: VisitObjects__Output;
  readonly handlers: Pick<WorkerHandlers, 'visit'>;
  readonly clock: Clock;
  readonly reportMs: number;
  readonly signal: AbortSignal;
  /** Sends what is held. */
  flushHeld(): Promise<void>;
  send(counts: VisitCounts): Promise<void>;
}

/** Resolves when all counts have been sent. */
export async function sendVisits(options: SendVisitsOptions): Promise<void> {
  const { message, handlers, clock, reportMs, signal } = options;
  const { command, dataset_id: datasetId } = message;
  const blocks = parseBitmap(message.blocks);
  let counts = new Map<string, Count>();
  let sentMs = clock.monotonicMs();
  const flush = async () => {
    const all = [...counts.values()];
    counts = new Map();
    await options.flushHeld();
    await options.send({ command, counts: all });
    sentMs = clock.monotonicMs();
  };
  try {
    const request = { datasetId, blocks, action: actionOf(message.action) };
    for await (const one of handlers.visit(request, signal)) {
      signal.throwIfAborted();
      add(counts, one);
      if (clock.monotonicMs() - sentMs >= reportMs) await flush();
    }
    await flush();
  } finally {
    blocks.dispose();
  }
}

interface Count {
  readonly what: Visited['what'];
  readonly by: string;
  objects: number;
  bytes: number;
}

function add(counts: Map<string, Count>, { what, by = '', bytes }: Visited): void {
  const key = `${what} ${by}`;
  const count = counts.get(key) ?? { what, by, objects: 0, bytes: 0 };
  counts.set(key, count);
  count.objects += 1;
  count.bytes += bytes;
}

/** @throws {LarderError} `INVALID_ARGUMENT` for one that a later master gives */
function actionOf(action: string): VisitRequest['action'] {
  if (action === 'free' || action === 'look' || action === 'verify') return action;
  throw new LarderError('INVALID_ARGUMENT', { action });
}
