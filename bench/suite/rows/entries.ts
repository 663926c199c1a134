/**
 * Names and attributes: `find` over a tree of empty files, so that all sides show the same entries; and what
 * the serving process holds after a million files.
 */
import { MIB } from '../../../common/index.ts';
import { memoryOf } from '../../process-use.ts';
import type { Bench } from '../bench.ts';
import { entryName } from '../entries.ts';
import { dropCaches } from '../page-cache.ts';
import { readFiles } from '../readers/files.ts';
import { PEERS } from '../contender.ts';
import type { ContenderName } from '../contender.ts';
import type { Row } from '../row.ts';
import { find, timed } from '../samples.ts';
import { BOUNDS } from './bounds.ts';

const MILLION = 1_000_000;
const MAX_MIB = 300;
/** Of what it was after the first tenth: what grows with files would have grown tenfold. */
const MAX_GROWTH = 1.2;

interface Tree {
  readonly entries: number;
  readonly from: 'directory' | 'gateway';
  /** Of the rows. */
  readonly name: string;
  readonly title: string;
  readonly contenders: Row['contenders'];
  readonly samples: Row['samples'];
}

const TREES: readonly Tree[] = [
  {
    entries: MILLION / 10,
    from: 'directory',
    name: 'find-100k',
    title: 'find with sizes over 100 k entries of a directory',
    contenders: { own: ['native', 'larder'] },
    samples: 'few',
  },
  {
    entries: MILLION,
    from: 'directory',
    name: 'find-1m',
    title: 'find with sizes over 1 M entries of a directory',
    contenders: { own: ['native', 'larder'] },
    samples: 'once',
  },
  {
    // The peers take minutes for more.
    entries: MILLION / 100,
    from: 'gateway',
    name: 'find-bucket-10k',
    title: 'find with sizes over 10 k entries of a bucket',
    contenders: { peers: ['native', 'larder', ...PEERS] },
    samples: 'once',
  },
];

const finds = TREES.flatMap(({ entries, from, name, title, contenders, samples }): Row[] => {
  const shared = { unit: 'entries/s', reader: 'find -printf %s', targets: [] } as const;
  const open = (bench: Bench) => bench.entriesScene(entries, from);
  return [
    {
      ...{ ...shared, contenders, samples },
      name: `${name}-first`,
      title: `${title}, first time`,
      before: 'just mounted, drop_caches',
      bound: BOUNDS[`${name}-first`] ?? '',
      sample: async (bench, contender) => {
        const scene = await open(bench);
        const { directory, remount } = await scene.show(contender);
        await remount();
        await dropCaches();
        return timed(bench, scene, contender, () => find(directory, entries));
      },
    },
    {
      ...{ ...shared, contenders, samples },
      name: `${name}-again`,
      title: `${title}, again`,
      before: 'found once before',
      bound: BOUNDS[`${name}-again`] ?? '',
      sample: async (bench, contender) => {
        const scene = await open(bench);
        const { directory } = await scene.show(contender);
        await find(directory, entries);
        return timed(bench, scene, contender, () => find(directory, entries));
      },
    },
  ];
});

const memory: Omit<Row, 'name' | 'title' | 'unit' | 'targets' | 'bound' | 'sample'> = {
  contenders: { own: ['larder'] },
  before: 'just mounted',
  reader: 'find, then 16 threads that open, read and close each file (empty ones)',
  samples: 'once',
};

export const ENTRIES: readonly Row[] = [
  ...finds,
  {
    ...memory,
    name: 'memory-1m',
    title: 'memory of the serving process, 1 M files touched',
    unit: 'MiB',
    targets: [{ suite: 'own', of: ['larder'], limit: MAX_MIB, text: `${MAX_MIB} MiB` }],
    bound: BOUNDS['memory-1m'] ?? '',
    sample: async (bench, contender) => (await touchAll(bench, contender)).after / MIB,
  },
  {
    ...memory,
    name: 'memory-1m-growth',
    title: 'the same, after 1 M files relative to after 100 k',
    unit: '×',
    targets: [{ suite: 'own', of: ['larder'], limit: MAX_GROWTH, text: `${MAX_GROWTH} ×` }],
    bound: BOUNDS['memory-1m-growth'] ?? '',
    sample: async (bench, contender) => {
      const { early, after } = await touchAll(bench, contender);
      return after / early;
    },
  },
];

interface Memory {
  readonly early: number;
  readonly after: number;
}

/** Measured once for a bench, whichever of the two rows comes first. */
const touched = new WeakMap<Bench, Promise<Memory>>();

function touchAll(bench: Bench, contender: ContenderName): Promise<Memory> {
  const known = touched.get(bench) ?? measureMemory(bench, contender);
  touched.set(bench, known);
  return known;
}

/** RSS in bytes of the mount's server, after the first tenth of the files and after all. */
async function measureMemory(bench: Bench, contender: ContenderName): Promise<Memory> {
  const scene = await bench.entriesScene(MILLION, 'directory');
  const { directory, remount, serverPid } = await scene.show(contender);
  await remount();
  const rssBytes = () => memoryOf(serverPid?.() ?? 0).rssBytes;
  const files = Array.from({ length: MILLION }, (_, file) => entryName(file));
  const touch = (from: number, to: number) =>
    readFiles({ directory, files: files.slice(from, to), fileBytes: 0, threads: 16 });
  await find(directory, MILLION);
  await touch(0, MILLION / 10);
  const early = rssBytes();
  await touch(MILLION / 10, MILLION);
  return { early, after: rssBytes() };
}
