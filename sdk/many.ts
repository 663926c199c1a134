/**
 * Many small files in few requests: those of one owner go together.
 *
 * Always true: each file's bytes are those of the version, as with `read`; what an owner does not give this way
 * is read by itself, with all that a read may try.
 */
import { LarderError, MAX_READ_MANY_FILES, MIB } from '../common/index.ts';
import type { DataClient } from '../rpc/data/index.ts';
import type { ConnectConfig } from './options.ts';
import type { FileRange, Router } from './router.ts';

export interface ManyOptions {
  readonly router: Router;
  readonly config: ConnectConfig;
  readonly placement: () => number;
}

/** One request: large enough that its round trip does not count, small enough that others are served between. */
const BATCH_BYTES = 4 * MIB;
/** Requests to one owner at a time: the next is there when one has been answered. */
const BATCHES_AT_A_TIME = 2;
/** A larger file is read by itself. */
const LARGEST_BYTES = MIB;

interface Wanted {
  readonly range: FileRange;
  readonly index: number;
}

/**
 * Reads whole files: each range is all of its file.
 *
 * @returns the bytes in the order of the ranges
 * @throws {LarderError} as `Router.read`, of the first file that cannot be read
 */
export async function readWhole(
  ranges: readonly FileRange[],
  options: ManyOptions,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const results = new Array<Buffer | undefined>(ranges.length);
  const alone: Wanted[] = [];
  const byOwner = new Map<DataClient, Wanted[]>();
  for (const [index, range] of ranges.entries()) {
    const owner =
      range.lengthBytes > LARGEST_BYTES
        ? undefined
        : await options.router.owner(range).catch(() => undefined);
    if (owner === undefined) alone.push({ range, index });
    else byOwner.set(owner, [...(byOwner.get(owner) ?? []), { range, index }]);
  }
  const read = async ({ range, index }: Wanted): Promise<void> => {
    results[index] = await options.router.read(range, signal);
  };
  await Promise.all([
    ...alone.map(read),
    ...[...byOwner].map(([client, wanted]) =>
      inBatches(wanted, async (batch) => {
        const answers = await ask(client, batch, options, signal);
        const missing = batch.filter(({ index }, i) => {
          const answer = answers[i];
          if (!Buffer.isBuffer(answer)) return true;
          results[index] = answer;
          return false;
        });
        await Promise.all(missing.map(read));
      }),
    ),
  ]);
  return results.map((bytes) => bytes ?? Buffer.alloc(0));
}

async function inBatches(
  wanted: readonly Wanted[],
  each: (batch: readonly Wanted[]) => Promise<void>,
): Promise<void> {
  const batches = batchesOf(wanted);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let batch = batches[next]; batch !== undefined; batch = batches[next]) {
      next += 1;
      await each(batch);
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_A_TIME }, work));
}

function batchesOf(wanted: readonly Wanted[]): Wanted[][] {
  const batches: Wanted[][] = [];
  let bytes = BATCH_BYTES;
  for (const one of wanted) {
    const { lengthBytes } = one.range;
    const last = batches.at(-1);
    if (
      last === undefined ||
      bytes + lengthBytes > BATCH_BYTES ||
      last.length === MAX_READ_MANY_FILES
    ) {
      batches.push([one]);
      bytes = lengthBytes;
    } else {
      last.push(one);
      bytes += lengthBytes;
    }
  }
  return batches;
}

/** Nothing where the request failed: each file is read by itself then. */
async function ask(
  client: DataClient,
  batch: readonly Wanted[],
  { config, placement }: ManyOptions,
  signal: AbortSignal,
): Promise<readonly (Buffer | LarderError)[]> {
  const [first] = batch;
  if (first === undefined) return [];
  const { datasetId, version } = first.range.file;
  const timeoutMs = config.attemptTimeoutMs;
  const request = {
    ...{ datasetId, version, mayFetch: true, placement: placement() },
    ...{ deadlineMs: Math.ceil(timeoutMs), ordinals: batch.map(({ range }) => range.file.ordinal) },
  };
  const objects = batch.map(({ range }) => range.ref);
  try {
    return await client.readMany(request, objects, { timeoutMs, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LarderError) return [];
    throw error;
  }
}
