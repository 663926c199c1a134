/** Fills a cache directory until it is killed; says on stdout what was announced as held. */
import { writeSync } from 'node:fs';
import { Larder } from '../fetching/larder.ts';
import { refOf } from '../fetching/memory-origin.ts';

const [directory = '', bootId = ''] = process.argv.slice(2);
const larder = await Larder.open({ directory, store: { bootId }, smallObjectBytes: 0 });
larder.store.held.onChange(({ firstBlock, count, held }) => {
  writeSync(1, `${held ? '+' : '-'}${String(firstBlock)},${String(count)}\n`);
});
const fill = async (lane: number) => {
  for (let i = lane; ; i += 4) {
    const size = [100_000, 700_000, 3_500_000, 9_000_000][i % 4] ?? 0;
    const ref = refOf(`object-${String(i)}`, size, { firstBlock: i * 16 });
    if (i % 3 === 0) await larder.read(ref, 0, Math.min(size, 200_000));
    else await larder.reader.fetchWhole(ref, new AbortController().signal);
  }
};
await Promise.all([0, 1, 2, 3].map(fill));
