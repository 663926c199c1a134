/**
 * Copies blocks of an object from a worker that has them to this disk, after everything that readers wait for.
 * What that worker lacks is left out; the origin is never asked.
 *
 * Always true: a block counts as lacking only where this keeper itself was asked for it, also while others that have
 * offered the same object are.
 */
import { hasCode, LarderError } from '../../common/index.ts';
import type { PlacementMember } from '../../common/index.ts';
import type { ObjectStore } from '../store/index.ts';
import { OWN_ACCORD } from './fetch-from.ts';
import type { BlockSpan } from './ranges.ts';
import { PRIORITY } from './fetch-queue.ts';
import type { FetchRun } from './fetch-run.ts';
import type { ObjectFetch } from './object-fetch.ts';

/** `gone`: the keeper has none of it. */
export type Brought = 'done' | 'no-room' | 'gone';

export interface Bringing {
  readonly store: ObjectStore;
  readonly fetch: ObjectFetch;
  readonly blocks: readonly BlockSpan[];
  readonly keeper: PlacementMember;
  /** Resolves when so many bytes may be asked for. */
  readonly pace: (bytes: number) => Promise<void>;
  readonly aborted: Promise<never>;
}

/** @throws {LarderError} where the keeper cannot be reached, or what it sent was wrong */
export async function bring(bringing: Bringing): Promise<Brought> {
  const { store, fetch, blocks } = bringing;
  const { ref } = fetch;
  let hasSome = false;
  store.promote(fetch.stored, ref);
  for (const span of blocks) {
    for (let first = span.first; first < span.end;) {
      if (fetch.stored.record.region === 'transit') return 'no-room';
      const end = Math.min(span.end, first + fetch.blocksPerRun);
      const outcome = await bringRun(bringing, { first, end });
      if (outcome === 'no-room') return outcome;
      if (outcome === 'done') hasSome = true;
      first = end;
    }
  }
  return hasSome ? 'done' : 'gone';
}

async function bringRun(bringing: Bringing, span: BlockSpan): Promise<Brought> {
  const whole = await bringSome(bringing, span);
  if (whole !== 'gone' || span.end - span.first === 1) return whole;
  // The keeper lacks one of several blocks: those that it has come one by one.
  let outcome: Brought = 'gone';
  for (let block = span.first; block < span.end; block += 1) {
    const one = await bringSome(bringing, { first: block, end: block + 1 });
    if (one === 'no-room') return one;
    if (one === 'done') outcome = one;
  }
  return outcome;
}

async function bringSome(bringing: Bringing, span: BlockSpan): Promise<Brought> {
  const { fetch, keeper, pace, aborted } = bringing;
  const { stored, ref } = fetch;
  let missingBytes = 0;
  for (let block = span.first; block < span.end; block += 1) {
    if (!stored.has(block)) missingBytes += stored.blockLength(block);
  }
  if (missingBytes === 0) return 'done';
  await pace(missingBytes);
  // Looked for again each time, with no pause before this keeper is asked.
  for (let others = othersOf(bringing, span); others.size > 0; others = othersOf(bringing, span)) {
    await joined(fetch, others, aborted);
  }
  const from = { ...OWN_ACCORD, keeper };
  const runs = fetch.want(span, PRIORITY.background, { forCache: false, from });
  await joined(fetch, runs, aborted);
  return outcomeOf(runs, ref.objectId);
}

/** Runs that ask somebody else for these blocks, who may lack what this keeper has. */
function othersOf({ fetch, keeper }: Bringing, span: BlockSpan): Set<FetchRun> {
  const others = new Set<FetchRun>();
  for (let block = span.first; block < span.end; block += 1) {
    const run = fetch.runOf(block);
    if (run !== undefined && run.keeperId !== keeper.workerId) others.add(run);
  }
  return others;
}

/** They go on as long as this waits. */
async function joined(
  fetch: ObjectFetch,
  runs: ReadonlySet<FetchRun>,
  aborted: Promise<never>,
): Promise<void> {
  for (const run of runs) run.waiters += 1;
  try {
    await Promise.race([Promise.all([...runs].map((run) => run.over)), aborted]);
  } finally {
    for (const run of runs) fetch.leave(run);
  }
}

function outcomeOf(runs: ReadonlySet<FetchRun>, objectId: string): Brought {
  for (const { outcome } of runs) {
    if (outcome?.kind === 'failed' && !hasCode(outcome.error, 'NOT_FOUND')) throw outcome.error;
    if (outcome?.kind === 'cancelled') throw new LarderError('BUSY', { object: objectId });
    if (outcome?.kind === 'unkept' || outcome?.kind === 'passing') return 'no-room';
  }
  return [...runs].some(({ outcome }) => outcome?.kind === 'failed') ? 'gone' : 'done';
}
