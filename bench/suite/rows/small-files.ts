/** Files of 100 KB, each opened, read to its end and closed. */
import { PEERS } from '../contender.ts';
import type { ContenderName } from '../contender.ts';
import type { Row, Target } from '../row.ts';
import { coldSmall, hotSmall, remountedSmall } from '../samples.ts';
import { BOUNDS } from './bounds.ts';
import { countOf } from './warm-big.ts';

const MODES: readonly ContenderName[] = ['larder passthrough', 'larder none'];
/** In one hot sample: one alone is over too soon to be timed. */
const HOT_PASSES = 5;

type Definition = Pick<
  Row,
  'name' | 'title' | 'contenders' | 'before' | 'samples' | 'targets' | 'sample'
>;

function row(definition: Definition): Row {
  return {
    unit: 'files/s',
    reader: 'Node, worker threads of one process: open, read, close',
    bound: BOUNDS[definition.name] ?? '',
    ...definition,
  };
}

const hot = [1, 16].map((threads) =>
  row({
    name: `warm-files-hot-${threads}`,
    title: `warm 100 KB files, page cache hot, ${countOf(threads)}`,
    contenders: { own: ['native', ...MODES] },
    before: 'all read once before through the same mount',
    samples: 'few',
    targets: [{ suite: 'own', of: ['larder none'], than: ['native'], atLeast: 0.7 }],
    sample: (bench, contender) =>
      hotSmall(bench, contender, { threads, order: 'shuffled', passes: HOT_PASSES }),
  }),
);

const remounted = [1, 16].map((threads) =>
  row({
    name: `warm-files-remount-${threads}`,
    title: `warm 100 KB files just after a remount, ${countOf(threads)}`,
    contenders: { own: ['native', ...MODES], peers: ['native', 'larder', ...MODES, ...PEERS] },
    before: 'complete in the cache, just mounted, drop_caches',
    samples: 'few',
    targets: [
      { suite: 'own', of: MODES, than: ['native'], atLeast: 0.35 },
      { suite: 'peers', of: MODES, than: ['rclone'], atLeast: 2 },
    ],
    sample: (bench, contender) => remountedSmall(bench, contender, { threads, order: 'shuffled' }),
  }),
);

const cold = [
  { name: 'cold-files-16', threads: 16, order: 'shuffled', atLeast: 2.5 },
  { name: 'cold-files-walk', threads: 1, order: 'in order', atLeast: 4 },
] as const;

const coldRows = cold.map(({ name, threads, order, atLeast }) => {
  const target: Target = { suite: 'peers', of: ['larder'], than: ['rclone'], atLeast };
  return row({
    name,
    title: `cold 100 KB files, ${countOf(threads)}, ${order}`,
    contenders: { own: ['native', 'larder'], peers: ['native', 'larder', ...PEERS] },
    before: 'empty cache, origin in its page cache; drop_caches before native',
    samples: 'few',
    targets: [target],
    sample: (bench, contender) => coldSmall(bench, contender, { threads, order }),
  });
});

export const SMALL_FILES: readonly Row[] = [
  ...hot,
  ...remounted,
  row({
    name: 'files-three-passes',
    title: '100 KB files, a cold and two warm passes, 16 readers',
    contenders: { own: ['larder', ...MODES] },
    before: 'empty cache, origin in its page cache; nothing between the passes',
    samples: 'few',
    targets: [{ suite: 'own', of: ['larder'], than: MODES, atLeast: 0.9 }],
    sample: (bench, contender) =>
      coldSmall(bench, contender, { threads: 16, order: 'shuffled', passes: 3 }),
  }),
  ...coldRows,
];
