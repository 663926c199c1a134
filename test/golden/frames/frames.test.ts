import { expect, test } from 'vitest';
import {
  boundCrc,
  encodeDataHead,
  encodeError,
  encodeEvicted,
  encodeFrame,
  encodeHeld,
  encodeItem,
  encodeManifest,
  encodeMapped,
  encodeMoves,
  decodeMoves,
  MAX_MOVE_ENTRIES,
  encodeOpenState,
  encodeOpenVersion,
  encodeRead,
  encodeReadMany,
  FRAME,
} from '../../../rpc/frames/index.ts';
import { LarderError, MAX_REQUEST_BODY_BYTES } from '../../../common/index.ts';

const OBJECT = '000102030405060708090a0b0c0d0e0f10111213';
const hint = 'the wire changed: bump FRAME_VERSION in rpc/frames/types.ts';

const request = {
  datasetId: 1,
  version: 2,
  ordinal: 3,
  mayFetch: true,
  offsetBytes: 2 ** 40 + 5,
  lengthBytes: 1_048_576,
  placement: 9,
  deadlineMs: 30_000,
};

const moves = {
  workerId: 'w-1',
  datasetId: 1,
  version: 2,
  placement: 2 ** 33 + 9,
  flag: true,
  ordinals: [3, 70_000],
};

const golden: [string, Buffer, string][] = [
  ['READ', encodeRead(7, request), 'READ'],
  ['HOLD', encodeRead(7, request, FRAME.HOLD), 'HOLD'],
  ['READ that was passed on', encodeRead(7, { ...request, hops: 3 }), 'READ with hops'],
  ['PING', encodeFrame(FRAME.PING, 12), 'PING'],
  ['READ to verify', encodeRead(7, { ...request, verify: true }), 'READ to verify'],
  [
    'READ_MANY',
    encodeReadMany(12, {
      ...{ datasetId: 1, version: 2, mayFetch: true, placement: 2 ** 40, deadlineMs: 30_000 },
      ordinals: [3, 4, 0xfffffffe],
    }),
    'READ_MANY',
  ],
  ['ITEM', encodeItem(12), 'ITEM'],
  ['ITEM that failed', encodeItem(12, new LarderError('NOT_FOUND')), 'ITEM that failed'],
  ['DATA head', encodeDataHead(7, 262_144, 0xdeadbeef, 4), 'DATA'],
  ['HELD', encodeHeld(8, { address: { datasetId: 1, version: 2, ordinal: 3 } }), 'HELD'],
  [
    'HELD of a range',
    encodeHeld(8, {
      address: { datasetId: 1, version: 2, ordinal: 3 },
      range: { offsetBytes: 2 ** 40, lengthBytes: 2 ** 30 },
    }),
    'HELD',
  ],
  ['OPEN_VERSION', encodeOpenVersion(9, { datasetId: 1, version: 2 }), 'OPEN_VERSION'],
  [
    'MANIFEST',
    encodeManifest(10, { datasetId: 1, version: 2, offsetBytes: 5, lengthBytes: 6 }),
    'MANIFEST',
  ],
  [
    'MAPPED',
    encodeMapped({ address: { datasetId: 1, version: 2, ordinal: 3 }, offsetBytes: 2 ** 33 }),
    'MAPPED',
  ],
  ['OFFER', encodeMoves(12, FRAME.OFFER, moves), 'OFFER'],
  ['TAKEN', encodeMoves(13, FRAME.TAKEN, { ...moves, flag: false }), 'TAKEN'],
  ['EVICTED', encodeEvicted(OBJECT), 'EVICTED'],
  ['DISKS_CHANGED', encodeFrame(FRAME.DISKS_CHANGED, 0), 'DISKS_CHANGED'],
  ['OPEN_STATE', encodeOpenState(OBJECT, true), 'OPEN_STATE'],
  ['ERROR', encodeError(11, new LarderError('ORIGIN_CHANGED', { key: 'a' })), 'ERROR'],
];

test.each(golden)('%s has the bytes it always had', (_, bytes, name) => {
  expect(bytes.toString('hex'), hint).toMatchSnapshot(name);
});

test('the bound CRC is what it always was, and differs by object, offset and length', () => {
  expect(boundCrc(OBJECT, 262_144, 4, 0x12345678), hint).toMatchSnapshot('bound CRC');
  const other = OBJECT.replace('00', '01');
  const crcs = [
    boundCrc(OBJECT, 0, 4, 1),
    boundCrc(other, 0, 4, 1),
    boundCrc(OBJECT, 1, 4, 1),
    boundCrc(OBJECT, 0, 5, 1),
    boundCrc(OBJECT, 0, 4, 2),
  ];
  expect(new Set(crcs).size).toBe(crcs.length);
});

test('a list of what moves comes back as it was, and the longest fits into a request', () => {
  const head = 16;
  expect(decodeMoves(encodeMoves(1, FRAME.OFFER, moves).subarray(head))).toEqual(moves);
  const ordinals = Array.from({ length: MAX_MOVE_ENTRIES }, (_, i) => 2 ** 32 - 1 - i);
  const longest = { ...moves, workerId: 'w'.repeat(200), ordinals };
  const body = encodeMoves(1, FRAME.TAKEN, longest).subarray(head);
  expect(body.length).toBeLessThanOrEqual(MAX_REQUEST_BODY_BYTES);
  expect(decodeMoves(body)).toEqual(longest);
  expect(() => decodeMoves(body.subarray(0, -1))).toThrow('FRAME_INVALID');
  expect(() => decodeMoves(Buffer.alloc(18))).toThrow('FRAME_INVALID');
});
