import * as fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeRecord,
  decodeSegment,
  decodeSummary,
  emptySegment,
  encodeRecord,
  encodeSegment,
  encodeSummary,
  segmentChunks,
  segmentCount,
} from '../../../../worker/store/record.ts';
import type { ObjectRecord, Segment, Summary } from '../../../../worker/store/record.ts';
import { holdInSegment, segmentHolds } from '../../../../worker/store/stored-object.ts';

const GOLDEN = join(import.meta.dirname, '../../../golden/store');

const record: ObjectRecord = {
  key: Buffer.from('train/n01440764/ü.jpg'),
  sizeBytes: 5 * 2 ** 40 + 7,
  blockSizeBytes: 4 * 2 ** 20,
  band: 0xfedcba98,
  incarnation: 2 ** 40 + 3,
  generation: 9,
  complete: true,
  region: 'transit',
  references: [
    { datasetId: 1, firstBlock: 2 },
    { datasetId: 0xffffffff, firstBlock: 0xfffffffe },
  ],
};
const summary: Summary = {
  datasetId: 3,
  firstBlock: 0xfffffff0,
  sizeBytes: 5 * 2 ** 40 + 7,
  blockSizeBytes: 256 * 1024,
  band: 0x80000001,
  complete: false,
  region: 'kept',
};
const segment: Segment = {
  held: Uint32Array.of(0x80000001, 0x7fffffff),
  checksums: Uint32Array.of(1, 0xffffffff, 0x12345678),
};

describe('golden bytes', () => {
  test.each([
    ['record', encodeRecord(record)],
    ['segment', encodeSegment(segment)],
    ['summary', encodeSummary(summary)],
  ])('%s', (name, bytes) => {
    const golden = fs.readFileSync(join(GOLDEN, `${name}.hex`), 'latin1').trim();
    expect(
      bytes.toString('hex'),
      'what is on disks has another form: bump RECORD_VERSION and keep the old golden file',
    ).toBe(golden);
  });
});

test('what was encoded is decoded', () => {
  expect(decodeRecord(encodeRecord(record))).toEqual(record);
  expect(decodeSegment(encodeSegment(segment), 3)).toEqual(segment);
  expect(decodeSummary(encodeSummary(summary))).toEqual(summary);
});

test('a record with any byte changed, or cut short, is a missing one', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
      for (const [bytes, decode] of [
        [encodeRecord(record), decodeRecord],
        [encodeSegment(segment), (b: Buffer) => decodeSegment(b, 3)],
      ] as const) {
        const damaged = Buffer.from(bytes);
        const place = at % damaged.length;
        damaged[place] = (damaged[place] ?? 0) ^ change;
        expect(decode(cut ? bytes.subarray(0, place) : damaged)).toBeUndefined();
      }
    }),
    { numRuns: 200 },
  );
});

test('a segment knows its 64 blocks apart', () => {
  const held = emptySegment(4);
  for (const block of [0, 31, 32, 63]) holdInSegment(held, block);
  const blocks = Array.from({ length: 64 }, (_, i) => i).filter((i) => segmentHolds(held, i));
  expect(blocks).toEqual([0, 31, 32, 63]);
});

test('the last segment of an object is as short as the object', () => {
  const MIB = 2 ** 20;
  expect(segmentCount(0, MIB)).toBe(0);
  expect(segmentCount(64 * MIB + 1, MIB)).toBe(2);
  expect(segmentChunks(64 * MIB + 1, MIB, 0)).toBe(256);
  expect(segmentChunks(64 * MIB + 1, MIB, 1)).toBe(1);
});
