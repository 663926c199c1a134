/**
 * The records of a cache that holds every object of a dataset, which are what a start reads. There are no
 * files: a start looks at none that is complete.
 */
import { bandHash } from '../../common/index.ts';
import { CacheDirectory } from '../../worker/store/cache-directory.ts';
import { RecordStore } from '../../worker/store/record-store.ts';
import { currentBootId, Trust } from '../../worker/store/trust.ts';
import type { KeySpace } from './key-space.ts';

const BLOCK_BYTES = 4 * 1024 * 1024;
/** Put in one commit. */
const BATCH = 20_000;

export async function fillCache(
  directory: string,
  datasetId: number,
  space: KeySpace,
): Promise<void> {
  using opened = CacheDirectory.open(directory);
  await using records = new RecordStore(opened.recordsPath);
  const trust = await Trust.establish(opened, records, { bootId: currentBootId() });
  for (let file = 0; file < space.files; file += 1) {
    const place = file * 2;
    const key = Buffer.from(space.key(place));
    // 160 bits, as of a real id.
    const objectId = (space.etag(place) + space.etag(place + 1)).slice(0, 40);
    const sizeBytes = space.sizeBytes(place);
    records.putSegment(objectId, 0, {
      held: Uint32Array.of(1, 0),
      checksums: Uint32Array.of(file),
    });
    records.putRecord(objectId, {
      key,
      sizeBytes,
      blockSizeBytes: BLOCK_BYTES,
      band: bandHash(key),
      incarnation: trust.firstIncarnation + file,
      generation: trust.generation,
      complete: true,
      region: 'kept',
      references: [{ datasetId, firstBlock: file }],
    });
    if (file % BATCH === BATCH - 1) await records.committed();
  }
  await records.committed();
  await trust.markClean();
}
