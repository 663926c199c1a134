/** What a reader waits for: the runs that bring its blocks, which go on as long as somebody waits. */
import type { ObjectFetch, BlockSpan } from './object-fetch.ts';
import type { FetchRun } from './fetch-run.ts';
import { PRIORITY } from './fetch-queue.ts';
import { notKept } from './completion.ts';
import type { ByteRange } from './read-pattern.ts';
import { blocksIn } from './ranges.ts';

/** Makes sure that missing blocks are being fetched, and that they go on as long as it waits. */
export function join(
  fetch: ObjectFetch,
  span: BlockSpan,
  interest: Set<FetchRun>,
): Map<number, FetchRun> {
  const runs = fetch.want(span, PRIORITY.reader);
  const byBlock = new Map<number, FetchRun>();
  for (const run of runs) {
    for (let block = run.first; block < run.end; block += 1) byBlock.set(block, run);
    if (interest.has(run)) continue;
    interest.add(run);
    run.waiters += 1;
  }
  return byBlock;
}

/**
 * Resolves when all blocks of a range are held.
 *
 * @returns how many of its bytes had to be waited for
 */
export async function arrival(
  fetch: ObjectFetch,
  range: ByteRange,
  interest: Set<FetchRun>,
  aborted: Promise<never>,
): Promise<number> {
  const { stored, ref } = fetch;
  const { first, end } = blocksIn(range, ref);
  let waitedBytes = 0;
  for (let block = first; block < end; block += 1) {
    if (stored.has(block)) continue;
    const run = join(fetch, { first: block, end }, interest).get(block);
    await Promise.race([run?.block(block), aborted]);
    if (!stored.has(block)) {
      throw run?.outcome?.kind === 'failed' ? run.outcome.error : notKept(ref);
    }
    const start = block * ref.blockSizeBytes;
    waitedBytes +=
      Math.min(range.toBytes, start + ref.blockSizeBytes) - Math.max(range.fromBytes, start);
  }
  return waitedBytes;
}
