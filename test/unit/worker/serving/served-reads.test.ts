import { expect, test } from 'vitest';
import type { Clock } from '../../../../common/index.ts';
import type { Touched } from '../../../../rpc/frames/index.ts';
import { ServedReads } from '../../../../worker/serving/served-reads.ts';

const file = (ordinal: number) => ({ datasetId: 1, version: 2, ordinal });

test('reads of one file are told together, after a while, and each byte counts', () => {
  let fire: (() => void) | undefined;
  const schedule: Clock['schedule'] = (_, task) => {
    fire = task;
    return () => (fire = undefined);
  };
  const told: (readonly Touched[])[] = [];
  const served = new ServedReads({ schedule } as Clock, (reads) => told.push(reads));
  served.add({ ...file(1), offsetBytes: 100 }, 50);
  served.add({ ...file(2), offsetBytes: 0 }, 7);
  served.add({ ...file(1), offsetBytes: 10 }, 5);
  served.add({ ...file(1), offsetBytes: 10 }, 5);
  expect(told).toEqual([]);
  fire?.();
  expect(told).toEqual([
    [
      { address: file(1), offsetBytes: 10, lengthBytes: 140, bytes: 60 },
      { address: file(2), offsetBytes: 0, lengthBytes: 7, bytes: 7 },
    ],
  ]);
  served.flush();
  expect(told).toHaveLength(1);
  // Many files are told at once, and not kept.
  for (let i = 0; i < 1_024; i += 1) served.add({ ...file(i), offsetBytes: 0 }, 1);
  expect(told[1]).toHaveLength(1_024);
});
