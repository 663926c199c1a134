import { expect, test } from 'vitest';
import { BlockIndex } from '../../../common/prediction/index.ts';

test('a block index has these bytes; if they change, bump its format version', () => {
  const index = new BlockIndex({
    firstBlock: Uint32Array.of(5, 0),
    blocks: Uint32Array.of(1, 5),
    band: Uint32Array.of(0x01020304, 0xffffffff),
    object: Uint32Array.of(7, 0x80000000),
  });
  expect(index.encode().toString('hex')).toMatchInlineSnapshot(
    `"4c524452424c4b5301000000020000007b39332500000000050000000500000001000000ffffffff040302010000008007000000"`,
  );
});
