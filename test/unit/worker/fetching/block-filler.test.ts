import { expect, test } from 'vitest';
import { CHUNK_BYTES, MIB } from '../../../../common/index.ts';
import { BlockFiller } from '../../../../worker/fetching/block-filler.ts';
import { WriteBuffers } from '../../../../worker/fetching/write-buffers.ts';
import type { ObjectStore, StoredObject } from '../../../../worker/store/index.ts';
import { refOf } from './memory-origin.ts';

test('whoever gives bytes is told that there is room, however often they were held back', async () => {
  const ref = refOf('file', 16 * MIB);
  const written: (() => void)[] = [];
  // A disk that is slower than the network.
  const store = {
    write: (_: StoredObject, { memory }: { memory: ArrayBuffer }) =>
      new Promise((resolve) => {
        written.push(() => resolve({ memory, checksums: [], error: undefined }));
      }),
    commitBlock: async () => true,
  } as unknown as ObjectStore;
  const stored = { blockLength: () => ref.blockSizeBytes } as unknown as StoredObject;
  const nothing = () => undefined;
  const filler = new BlockFiller({
    ...{ store, stored, ref, first: 0, end: (16 * MIB) / ref.blockSizeBytes },
    ...{ buffers: new WriteBuffers(), isAwaited: () => false },
    ...{ onBlock: nothing, onWritten: nothing, onHeld: nothing, onFailed: nothing },
  });
  const waiting: Promise<void>[] = [];
  while (filler.positionBytes < 8 * MIB) {
    const room = filler.take(Buffer.alloc(CHUNK_BYTES));
    if (room !== undefined) waiting.push(room);
  }
  expect(waiting.length).toBeGreaterThan(1);
  for (const done of written) done();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([undefined]));
  await filler.settled();
});
