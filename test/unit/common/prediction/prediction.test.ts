/** What a worker is expected to hold, against the same worked out object by object. */
import fc from 'fast-check';
import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import {
  bandHash,
  blockCount,
  GIB,
  MIB,
  Placement,
  STRIPE_BYTES,
  systemClock,
} from '../../../../common/index.ts';
import type { DatasetInfo, PlacementMember } from '../../../../common/index.ts';
import { ManifestBuilder, ManifestReader } from '../../../../common/manifest/index.ts';
import {
  bestThreshold,
  BlockIndex,
  buildBlockIndex,
  FULL_THRESHOLD,
  isPredictable,
  ownersOf,
  predict,
} from '../../../../common/prediction/index.ts';

const blockSizeBytes = 4 * MIB;
const dataset: DatasetInfo = {
  id: 1,
  name: 'd',
  origin: 's3://bucket/prefix',
  settings: {
    blockSizeBytes,
    endpoint: '',
    region: '',
    pathStyle: 'auto',
    credentials: '',
    replicas: 1,
    quotaBytes: 0,
    policy: 'auto',
    originBandwidthBytes: 0,
  },
};

function member(workerId: string, weightBytes: number): PlacementMember {
  return { workerId, weightBytes, dataAddress: '127.0.0.1:1', node: workerId, state: 'active' };
}

function manifestOf(sizes: readonly number[]): ManifestReader {
  const parts: Buffer[] = [];
  const builder = new ManifestBuilder({
    blockSizeBytes,
    onSkip: () => undefined,
    sink: { append: (bytes) => parts.push(Buffer.from(bytes)) },
  });
  for (const [i, sizeBytes] of sizes.entries()) {
    builder.add({
      kind: 'file',
      key: Buffer.from(`d${String(Math.floor(i / 7)).padStart(4, '0')}/f${String(i % 7)}`),
      sizeBytes,
      mtimeS: 1,
      mtimeNs: 0,
      mode: 0o644,
      uid: 0,
      gid: 0,
      validator: { kind: 'etag', etag: String(i) },
    });
  }
  builder.finish();
  const bytes = Buffer.concat(parts);
  return ManifestReader.open(
    {
      name: 'm',
      sizeBytes: bytes.length,
      read: (offset, length) => bytes.subarray(offset, offset + length),
    },
    { whole: true },
  );
}

async function indexOf(reader: ManifestReader): Promise<BlockIndex> {
  const index = await buildBlockIndex(reader, dataset, { clock: systemClock, restMs: 0 });
  if (index === undefined) throw new Error('too many objects');
  return index;
}

/** Object by object, as a reader finds an owner. */
function expected(
  reader: ManifestReader,
  placement: Placement,
  { workerId, threshold }: { workerId: string; threshold: number },
): RoaringBitmap32 {
  const blocks = new RoaringBitmap32();
  for (const ordinal of reader.files(0)) {
    const ref = reader.objectRef(ordinal, dataset);
    if (bandHash(ref.key) >= threshold) continue;
    for (let block = 0; block < blockCount(ref.sizeBytes, blockSizeBytes); block += 1) {
      const stripe =
        ref.sizeBytes > STRIPE_BYTES ? Math.floor((block * blockSizeBytes) / STRIPE_BYTES) : 0;
      if (placement.owner(ref.objectId, stripe)?.workerId === workerId) {
        blocks.add(ref.firstBlock + block);
      }
    }
  }
  return blocks;
}

const sizes = fc.array(
  fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 3 * blockSizeBytes }),
    fc.integer({ min: GIB - 5, max: 3 * GIB }),
  ),
  { minLength: 1, maxLength: 60 },
);
const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 6 });

test('is what readers find owner by owner, for unlike workers and any threshold', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, weights, fc.maxSafeNat(), async (files, shares, random) => {
      const reader = manifestOf(files);
      const members = shares.map((share, i) => member(`w${String(i)}`, share * GIB));
      const placement = new Placement(7, members);
      const index = await indexOf(reader);
      const owners = await ownersOf(index, placement.candidates(''), systemClock);
      const threshold = random % 3 === 0 ? FULL_THRESHOLD : random % FULL_THRESHOLD;
      for (const { workerId } of members) {
        const prediction = await predict(index, owners, { workerId, threshold }, systemClock);
        const wanted = expected(reader, placement, { workerId, threshold });
        expect(prediction.blocks.isEqual(wanted)).toBe(true);
        expect(prediction.count).toBe(wanted.size);
      }
    }),
    { numRuns: 60 },
  );
});

test('the checksum tells predictions apart, and is the same on both sides', async () => {
  const reader = manifestOf(Array.from({ length: 500 }, (_, i) => 1 + i * 10_000));
  const members = [member('a', GIB), member('b', 2 * GIB)];
  const [one, other] = [await indexOf(reader), await indexOf(reader)];
  const decoded = BlockIndex.decode(other.encode());
  if (decoded === undefined) throw new Error('not decoded');
  const of = async (index: BlockIndex, workerId: string, threshold: number) => {
    const owners = await ownersOf(index, [...members].reverse(), systemClock);
    return (await predict(index, owners, { workerId, threshold }, systemClock)).checksum;
  };
  const half = FULL_THRESHOLD / 2;
  const sums = [
    await of(one, 'a', FULL_THRESHOLD),
    await of(one, 'b', FULL_THRESHOLD),
    await of(one, 'a', half),
    await of(one, 'b', half),
  ];
  expect(new Set(sums).size).toBe(4);
  expect(await of(decoded, 'b', half)).toBe(sums[3]);
});

test('the threshold is the one that explains best what is held', async () => {
  const reader = manifestOf(Array.from({ length: 3000 }, (_, i) => 1 + (i % 5) * blockSizeBytes));
  const index = await indexOf(reader);
  const owners = await ownersOf(index, [member('a', GIB), member('b', GIB)], systemClock);
  const threshold = FULL_THRESHOLD * 0.375;
  const held = await predict(index, owners, { workerId: 'a', threshold }, systemClock);
  const best = (blocks: RoaringBitmap32) =>
    bestThreshold(index, owners, { workerId: 'a', held: blocks }, systemClock);
  const found = await best(held.blocks);
  const again = await predict(index, owners, { workerId: 'a', threshold: found }, systemClock);
  expect(again.blocks.isEqual(held.blocks)).toBe(true);
  // Some are missing, some are guests: the band is still seen.
  held.blocks.removeRange(held.blocks.minimum(), held.blocks.minimum() + 40);
  held.blocks.addRange(0, 40);
  expect(Math.abs((await best(held.blocks)) - threshold)).toBeLessThan(FULL_THRESHOLD / 100);
  const nothing = { workerId: 'a', threshold: await best(new RoaringBitmap32()) };
  expect((await predict(index, owners, nothing, systemClock)).count).toBe(0);
});

test('an index that is damaged, cut or of another format is none', async () => {
  const index = await indexOf(manifestOf([1, 2, 3 * blockSizeBytes, 0]));
  const bytes = index.encode();
  expect(index.rows).toBe(3);
  expect(BlockIndex.decode(bytes)).toEqual(index);
  for (const at of [0, 8, 12, 17, 25, bytes.length - 1]) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
    expect(BlockIndex.decode(damaged), `byte ${String(at)}`).toBeUndefined();
  }
  expect(BlockIndex.decode(bytes.subarray(0, -1))).toBeUndefined();
  expect(BlockIndex.decode(Buffer.alloc(0))).toBeUndefined();
});

test('too many objects for the members are not predicted', async () => {
  const index = await indexOf(manifestOf([1, 2, 3]));
  expect(isPredictable(index, [member('a', 1)])).toBe(true);
  const many = Array.from({ length: 70_000 }, (_, i) => member(String(i), 1));
  expect(isPredictable(index, many)).toBe(false);
});
