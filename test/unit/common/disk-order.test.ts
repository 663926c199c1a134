import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { diskOrder } from '../../../common/index.ts';

const TIB = 2 ** 40;
const OBJECTS = Array.from({ length: 8_000 }, (_, i) =>
  createHash('sha1')
    .update(`object-${String(i)}`)
    .digest('hex'),
);
const disk = (diskId: string, weightBytes = TIB) => ({ diskId, weightBytes });
const first = (objectId: string, disks: ReturnType<typeof disk>[]) =>
  diskOrder(objectId, disks)[0]?.diskId;

describe('the disk of an object', () => {
  test('each disk has its share by weight', () => {
    const disks = [disk('a'.repeat(16)), disk('b'.repeat(16), 3 * TIB)];
    const onFirst = OBJECTS.filter((objectId) => first(objectId, disks) === disks[0]?.diskId);
    // A quarter, give or take five standard deviations.
    expect(Math.abs(onFirst.length / OBJECTS.length - 1 / 4)).toBeLessThan(0.025);
  });

  test('the order in which disks are named decides nothing', () => {
    const disks = [disk('1'.repeat(16)), disk('2'.repeat(16)), disk('3'.repeat(16))];
    for (const objectId of OBJECTS.slice(0, 200)) {
      expect(first(objectId, disks)).toBe(first(objectId, [...disks].reverse()));
    }
  });

  test('a disk that comes takes its own share, and one that goes gives only its own', () => {
    const before = [disk('1'.repeat(16)), disk('2'.repeat(16))];
    const after = [...before, disk('3'.repeat(16))];
    const moved = OBJECTS.filter((objectId) => first(objectId, before) !== first(objectId, after));
    expect(moved.every((objectId) => first(objectId, after) === '3'.repeat(16))).toBe(true);
    expect(Math.abs(moved.length / OBJECTS.length - 1 / 3)).toBeLessThan(0.03);
  });

  test('is the same for every release: mounts and workers compute it', () => {
    const disks = [
      disk('0123456789abcdef'),
      disk('fedcba9876543210', 2 * TIB),
      disk('0'.repeat(16)),
    ];
    const places = OBJECTS.slice(0, 8).map((objectId) =>
      diskOrder(objectId, disks).map((it) => disks.indexOf(it)),
    );
    expect(places).toMatchInlineSnapshot(`
      [
        [
          1,
          2,
          0,
        ],
        [
          1,
          2,
          0,
        ],
        [
          1,
          2,
          0,
        ],
        [
          0,
          1,
          2,
        ],
        [
          0,
          1,
          2,
        ],
        [
          2,
          0,
          1,
        ],
        [
          0,
          1,
          2,
        ],
        [
          2,
          0,
          1,
        ],
      ]
    `);
  });
});
