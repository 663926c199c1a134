/** What stands for an object while no disk is there. */
import type { ObjectRef } from '../../common/index.ts';
import { bandHash } from '../../common/index.ts';
import { StoredObject } from './stored-object.ts';

/** Nothing of it is held, and nothing can be. */
export function placeholder(ref: ObjectRef): StoredObject {
  const { key, sizeBytes, blockSizeBytes, datasetId, firstBlock } = ref;
  const record = {
    key,
    sizeBytes,
    blockSizeBytes,
    band: bandHash(key),
    incarnation: 0,
    generation: 0,
    complete: false,
    region: 'transit',
    references: [{ datasetId, firstBlock }],
  } as const;
  return new StoredObject(ref.objectId, record, false);
}
