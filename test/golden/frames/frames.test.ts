import { expect, test } from 'vitest';
import {
  boundCrc,
  encodeDataHead,
  encodeError,
  encodeEvicted,
  encodeFrame,
  encodeHeld,
  encodeManifest,
  encodeMapped,
  encodeOpenState,
  encodeOpenVersion,
  encodeRead,
  FRAME,
} from '../../../rpc/frames/index.ts';
import { LarderError } from '../../../common/index.ts';

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

const golden: [string, Buffer, string][] = [
  ['READ', encodeRead(7, request), 'READ'],
  ['HOLD', encodeRead(7, request, FRAME.HOLD), 'HOLD'],
  ['DATA head', encodeDataHead(7, 262_144, 0xdeadbeef, 4), 'DATA'],
  ['HELD', encodeHeld(8, { datasetId: 1, version: 2, ordinal: 3 }), 'HELD'],
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
