/** Answers a ListOrigin command: batches of the listing, cut to the size of messages. */
import type { ListingEntry } from '../../common/index.ts';
import type { ListingBatch as WireBatch } from '../../proto/generated/larder/v1/ListingBatch.ts';
import { entryToWire, toFailure } from '../../rpc/grpc/index.ts';
import type { ListingBatch } from '../origins/origin.ts';

/**
 * The master decodes up to 16 messages ahead of the build, and a decoded one takes several times its size. Most RSS
 * of a master in a refresh of 10 M keys: 493 to 499 MiB with 512 KiB, 282 MiB with this.
 */
const MAX_BYTES = 64 * 1024;
/** About what an entry takes beside its key: numbers, tags, an ETag. */
const ENTRY_BYTES = 100;

/** Ends with a message that has `last`, and the failure where there was one. */
export async function* listingMessages(
  command: number,
  batches: AsyncIterable<ListingBatch>,
): AsyncGenerator<WireBatch, void, undefined> {
  try {
    for await (const { entries, skipped } of batches) {
      for (const some of cut(entries, entryBytes)) {
        yield { command, entries: some.map(entryToWire) };
      }
      for (const some of cut(skipped, ({ key, reason }) => key.length + reason.length)) {
        yield { command, skipped: some };
      }
    }
  } catch (error) {
    yield { command, last: true, failure: toFailure(error) };
    return;
  }
  yield { command, last: true };
}

function entryBytes(entry: ListingEntry): number {
  const { key, symlinkTarget, validator } = entry;
  const tag = validator.kind === 'etag' ? validator.etag.length : 0;
  return ENTRY_BYTES + key.length + tag + (symlinkTarget?.length ?? 0);
}

function* cut<T>(items: readonly T[], sizeOf: (item: T) => number): Generator<T[]> {
  let some: T[] = [];
  let bytes = 0;
  for (const item of items) {
    some.push(item);
    bytes += sizeOf(item);
    if (bytes < MAX_BYTES) continue;
    yield some;
    some = [];
    bytes = 0;
  }
  if (some.length > 0) yield some;
}
