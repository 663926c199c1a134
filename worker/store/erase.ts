/** Takes an object off the disk: its file first, then its records. */
import type { Logger } from '../../common/index.ts';
import type { DiskHealth } from './disk-health.ts';
import type { ObjectFiles } from './object-files.ts';
import { segmentCount } from './record.ts';
import type { RecordStore } from './record-store.ts';
import type { StoredObject } from './stored-object.ts';
import type { Writeback } from './writeback.ts';

export interface EraserOptions {
  readonly files: ObjectFiles;
  readonly writeback: Writeback;
  readonly records: RecordStore;
  readonly health: DiskHealth;
  readonly logger: Logger;
  readonly onUnlinked: (objectId: string) => void;
}

export async function erase(object: StoredObject, options: EraserOptions): Promise<void> {
  const { files, writeback, records, health, logger, onUnlinked } = options;
  const { objectId, record } = object;
  if (!object.recorded && object.made === undefined) return;
  try {
    await object.made?.catch(() => undefined);
    writeback.finished(object.fileKey);
    await files.unlink(object);
  } catch (error) {
    health.count(error);
    logger.warn({ object: objectId, error }, 'a file could not be deleted');
  }
  onUnlinked(objectId);
  if (!object.recorded) return;
  records.remove(objectId, record, segmentCount(record.sizeBytes, record.blockSizeBytes));
  await records.committed().catch((error: unknown) => {
    health.count(error);
  });
}
