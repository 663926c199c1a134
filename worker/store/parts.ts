/** Opens what an object store is made of, in the order in which each needs the other. */
import { LarderError } from '../../common/index.ts';
import { Admission } from '../admission/index.ts';
import { CacheDirectory } from './cache-directory.ts';
import { HeldTotals } from './held-totals.ts';
import { loadTotals } from './load-totals.ts';
import { setCapacity } from './options.ts';
import type { ObjectStoreOptions } from './options.ts';
import { RecordStore } from './record-store.ts';
import { currentBootId, Trust } from './trust.ts';

export interface StoreParts {
  readonly directory: CacheDirectory;
  readonly records: RecordStore;
  readonly trust: Trust;
  readonly admission: Admission;
  readonly totals: HeldTotals;
  readonly options: ObjectStoreOptions;
}

/** @throws {LarderError} `CACHE_DIR_UNUSABLE`, `CACHE_DIR_LOCKED` */
export async function openParts(options: ObjectStoreOptions): Promise<StoreParts> {
  const directory = CacheDirectory.open(options.directory);
  try {
    const records = new RecordStore(directory.recordsPath);
    const bootId = options.bootId ?? currentBootId();
    const trust = await Trust.establish(directory, records, bootId);
    const admission = new Admission({
      capacityBytes: 0,
      capacityObjects: 0,
      keptShare: options.keptShare,
    });
    const totals = new HeldTotals();
    loadTotals(records, admission, totals);
    setCapacity(admission, options);
    return { directory, records, trust, admission, totals, options };
  } catch (error) {
    directory[Symbol.dispose]();
    const reason = error instanceof Error ? error.message : String(error);
    throw new LarderError(
      'CACHE_DIR_UNUSABLE',
      { directory: options.directory, reason },
      { cause: error },
    );
  }
}
