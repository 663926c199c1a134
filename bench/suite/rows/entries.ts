/**
 * Names and attributes: `find` over a tree that Larder lists by itself (`file://`), so that both sides show
 * the same entries; and what the serving process holds after a million files.
 */
import { MIB } from '../../../common/index.ts';
import { memoryOf } from '../../process-use.ts';
import type { Bench } from '../bench.ts';
import { entryName } from '../entries.ts';
import { dropCaches } from '../page-cache.ts';
import { readFiles } from '../readers/files.ts';
import type { ContenderName, Row } from '../row.ts';
import { find, timed } from '../samples.ts';
import { BOUNDS } from './bounds.ts';

const MILLION = 1_000_000;
const MAX_MIB = 300;
/** Of what it was after the first tenth: what grows with files would have grown tenfold. */
const MAX_GROWTH = 1.2;

const finds = [MILLION / 10, MILLION].flatMap((entries): Row[] => {
  const size = entries === MILLION ? '1m' : '100k';
  const shared = {
    unit: 'entries/s',
    contenders: { own: ['native', 'larder'] },
    scene: `entries ${entries}`,
    reader: 'find -printf %s',
    samples: entries === MILLION ? 'once' : 'few',
    targets: [],
  } as const;
  const [first, again] = [`find-${size}-first`, `find-${size}-again`];
  return [
    {
      ...shared,
      name: first,
      title: `find over ${words(entries)} entries with sizes, first time`,
      before: 'just mounted, drop_caches',
      bound: BOUNDS[first] ?? '',
      sample: async (bench, contender) => {
        const scene = await bench.entriesScene(entries);
        const { directory, remount } = await scene.show(contender);
        await remount();
        await dropCaches();
        return timed(bench, scene, contender, () => find(directory, entries));
      },
    },
    {
      ...shared,
      name: again,
      title: `find over ${words(entries)} entries with sizes, again`,
      before: 'found once before',
      bound: BOUNDS[again] ?? '',
      sample: async (bench, contender) => {
        const scene = await bench.entriesScene(entries);
        const { directory } = await scene.show(contender);
        await find(directory, entries);
        return timed(bench, scene, contender, () => find(directory, entries));
      },
    },
  ];
});

const memory: Omit<Row, 'name' | 'title' | 'unit' | 'targets' | 'bound' | 'sample'> = {
  contenders: { own: ['larder'] },
  scene: `entries ${MILLION}`,
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
  const scene = await bench.entriesScene(MILLION);
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

function words(entries: number): string {
  return entries === MILLION ? '1 M' : '100 k';
}
