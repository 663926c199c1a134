/** Bringing blocks from workers that have them. */
import { expect, test } from 'vitest';
import { LarderError, MIB } from '../../../../common/index.ts';
import type { PlacementMember } from '../../../../common/index.ts';
import type { PeerReads } from '../../../../worker/peers/peer-reads.ts';
import { Larder } from './larder.ts';
import { contentOf, refOf } from './memory-origin.ts';

const BLOCKS = 6;

function member(workerId: string): PlacementMember {
  return {
    workerId,
    weightBytes: MIB,
    dataAddress: `${workerId}:1`,
    node: workerId,
    state: 'active',
  };
}

test('of two workers that have different blocks each is asked for its own, also at once', async () => {
  const ref = refOf('stripes', BLOCKS * MIB);
  const { blockSizeBytes } = ref;
  const blocks = Math.ceil(ref.sizeBytes / blockSizeBytes);
  /** One has the first half, the other the rest. */
  const has = (workerId: string, block: number) => block < blocks / 2 === (workerId === 'one');
  const peers: Pick<PeerReads, 'readKept'> = {
    readKept: async ({ workerId }, { offsetBytes, lengthBytes }, sink) => {
      for (let at = offsetBytes; at < offsetBytes + lengthBytes; at += blockSizeBytes) {
        // Both are asked before either has answered.
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (!has(workerId, at / blockSizeBytes)) throw new LarderError('NOT_FOUND', { workerId });
        const length = Math.min(blockSizeBytes, offsetBytes + lengthBytes - at);
        await sink(contentOf(ref.key, at, length));
      }
    },
  };
  await using larder = await Larder.open({ peers: peers as PeerReads });
  const { signal } = new AbortController();
  const from = (workerId: string) =>
    larder.reader.bring(ref, {
      blocks: [{ first: 0, end: blocks }],
      keeper: member(workerId),
      pace: async () => undefined,
      signal,
    });
  expect(await Promise.all([from('one'), from('other')])).toEqual(['done', 'done']);
  expect(larder.heldBlocks(ref.datasetId)).toHaveLength(blocks);
  expect(larder.origin.counters.gets).toBe(0);
  expect(await larder.readsRight(ref)).toBe(true);
});
