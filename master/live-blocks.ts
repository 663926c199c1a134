/** The blocks that versions name. */
import { RoaringBitmap32 } from 'roaring-wasm';
import { blockCount } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import { emptyAttributes } from '../common/manifest/index.ts';
import { Breather } from './breathe.ts';
import type { DataDirectory } from './data-directory.ts';
import { openManifest } from './manifests.ts';
import type { VersionRecord } from './records.ts';

/** Belongs to the caller, who disposes it. */
export async function liveBlocks(
  versions: readonly VersionRecord[],
  { directory, clock }: { readonly directory: DataDirectory; readonly clock: Clock },
): Promise<RoaringBitmap32> {
  const live = new RoaringBitmap32();
  const breather = new Breather(clock);
  const attributes = emptyAttributes();
  for (const version of versions) {
    using manifest = openManifest(directory.manifestPath(version));
    const { reader } = manifest;
    let start = 0;
    let end = 0;
    for (const ordinal of reader.files(0)) {
      const { firstBlock, sizeBytes } = reader.attributes(ordinal, attributes);
      const blocks = blockCount(sizeBytes, reader.summary.blockSizeBytes);
      if (firstBlock !== end) {
        live.addRange(start, end);
        start = firstBlock;
        await breather.breathe();
      }
      end = firstBlock + blocks;
    }
    live.addRange(start, end);
  }
  return live;
}
