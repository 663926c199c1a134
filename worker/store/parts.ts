/** Opens what a store is made of, in the order in which each needs the other. */
import { LarderError, systemClock } from '../../common/index.ts';
import { Admission } from '../admission/index.ts';
import { DiskHealth } from './disk-health.ts';
import { DiskThreads } from './disk-threads.ts';
import { HeldTotals } from './held-totals.ts';
import { loadTotals } from './load-totals.ts';
import { ObjectFiles } from './object-files.ts';
import { DEFAULT_HUNG_AFTER_MS, setCapacity } from './options.ts';
import type { DiskStoreOptions } from './options.ts';
import { RecordStore } from './record-store.ts';
import { currentBootId, Trust } from './trust.ts';
import { Writeback } from './writeback.ts';

export interface StoreParts {
  readonly threads: DiskThreads;
  readonly records: RecordStore;
  readonly trust: Trust;
  readonly admission: Admission;
  readonly totals: HeldTotals;
  readonly health: DiskHealth;
  readonly writeback: Writeback;
  readonly files: ObjectFiles;
  readonly options: DiskStoreOptions;
}

/**
 * Takes the directory over: after a failure it is let go.
 *
 * @throws {LarderError} `CACHE_DIR_UNUSABLE`
 */
export async function openParts(options: DiskStoreOptions): Promise<StoreParts> {
  const { directory, clock = systemClock, hungAfterMs = DEFAULT_HUNG_AFTER_MS } = options;
  const threads = new DiskThreads({
    clock,
    hungAfterMs,
    onHung: (lane) => {
      options.onBad?.(`hangs (${lane})`);
    },
  });
  try {
    const records = new RecordStore(directory.recordsPath, threads);
    await records.upgradeOrder();
    const trust = await Trust.establish(directory, records, {
      bootId: options.bootId ?? currentBootId(),
      distrusted: options.distrusted ?? false,
    });
    const admission = new Admission({
      capacityBytes: 0,
      capacityObjects: 0,
      keptShare: options.keptShare,
    });
    const totals = new HeldTotals();
    loadTotals(records, admission, totals);
    setCapacity(admission, options);
    return { threads, records, trust, admission, totals, options, ...ioParts(options, threads) };
  } catch (error) {
    directory[Symbol.dispose]();
    await threads[Symbol.asyncDispose]();
    const reason = error instanceof Error ? error.message : String(error);
    throw new LarderError(
      'CACHE_DIR_UNUSABLE',
      { directory: directory.path, reason },
      { cause: error },
    );
  }
}

function ioParts(
  options: DiskStoreOptions,
  threads: DiskThreads,
): Pick<StoreParts, 'health' | 'writeback' | 'files'> {
  const { directory, clock = systemClock } = options;
  return {
    health: new DiskHealth({
      clock,
      pauseMs: options.writePauseMs ?? 5_000,
      errorLimit: options.errorLimit ?? 5,
      onBad: (problem) => options.onBad?.(problem),
    }),
    writeback: new Writeback(threads.chores, options.dropFromPageCache ?? false),
    files: new ObjectFiles({
      directory,
      disk: threads.writer,
      readers: threads.readers,
      chores: threads.chores,
      maxOpenFiles: options.maxOpenFiles ?? 512,
    }),
  };
}
