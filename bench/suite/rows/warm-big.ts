/** One large file that the node holds whole: the file's pages are in memory, the mount's are not. */
import { KIB, MIB } from '../../../common/index.ts';
import type { BigRead } from '../readers/fio.ts';
import { PEERS } from '../contender.ts';
import type { ContenderName } from '../contender.ts';
import type { Row, Target } from '../row.ts';
import { warmBig, warmFirstByte } from '../samples.ts';
import { BOUNDS } from './bounds.ts';

const OWN: readonly ContenderName[] = ['native', 'larder passthrough', 'larder daemon'];
const AGAINST_PEERS: readonly ContenderName[] = ['native', 'larder', 'larder daemon', ...PEERS];
const BEFORE = 'the file in the page cache, the mount’s own pages dropped';

const SEQUENTIAL = { pattern: 'read', engine: 'psync' } as const;
const RANDOM = { pattern: 'randread', engine: 'psync' } as const;

type Definition = Pick<Row, 'name' | 'title' | 'unit'> & {
  readonly read: BigRead;
  readonly own?: readonly ContenderName[];
  readonly peers?: boolean;
  readonly targets?: readonly Target[];
};

function row({ name, title, unit, read, own = OWN, peers = false, targets = [] }: Definition): Row {
  return {
    name,
    title,
    unit,
    contenders: { own, ...(peers ? { peers: AGAINST_PEERS } : {}) },
    before: BEFORE,
    reader: `fio, ${read.engine}`,
    samples: 'many',
    targets,
    bound: BOUNDS[name] ?? '',
    sample: async (bench, contender) => {
      const speed = await warmBig(bench, contender, read);
      return unit === 'GB/s' ? speed.bytesPerSecond / 1e9 : speed.readsPerSecond;
    },
  };
}

function passthrough(atLeast: number): Target {
  return { suite: 'own', of: ['larder passthrough'], than: ['native'], atLeast };
}

const sequential = [MIB, 128 * KIB].flatMap((blockBytes) =>
  [1, 4, 16].map((readers) => {
    const size = blockBytes === MIB ? '1 MiB' : '128 KiB';
    const targets: Target[] = blockBytes === MIB && readers < 16 ? [passthrough(0.95)] : [];
    const isDaemon = blockBytes === MIB && readers === 1;
    if (isDaemon) {
      targets.push(
        { suite: 'own', of: ['larder daemon'], than: ['fuse-native'], atLeast: 2.5 },
        { suite: 'peers', of: ['larder daemon'], than: PEERS, atLeast: 1.2 },
      );
    }
    return row({
      name: `warm-sequential-${blockBytes === MIB ? '1m' : '128k'}-${readers}`,
      title: `warm sequential, ${size} reads, ${countOf(readers)}`,
      unit: 'GB/s',
      read: { ...SEQUENTIAL, blockBytes, readers },
      own: isDaemon ? [...OWN, 'fuse-native'] : OWN,
      peers: blockBytes === MIB,
      targets,
    });
  }),
);

const random = [4 * KIB, 128 * KIB].flatMap((blockBytes) =>
  [1, 16].map((readers) =>
    row({
      name: `warm-random-${blockBytes / KIB}k-${readers}`,
      title: `warm random ${blockBytes / KIB} KiB, ${countOf(readers)}`,
      unit: 'reads/s',
      read: { ...RANDOM, blockBytes, readers },
      peers: true,
      targets: blockBytes === 4 * KIB ? [passthrough(0.9)] : [],
    }),
  ),
);

export const WARM_BIG: readonly Row[] = [
  ...sequential,
  row({
    name: 'warm-mmap',
    title: 'warm mmap scan, 1 reader',
    unit: 'GB/s',
    read: { pattern: 'read', engine: 'mmap', blockBytes: MIB, readers: 1 },
    peers: true,
    targets: [passthrough(0.95)],
  }),
  ...random,
  {
    name: 'first-byte-warm',
    title: 'time to first byte of the large file, warm',
    unit: 'ms',
    contenders: { own: OWN, peers: AGAINST_PEERS },
    before: 'the file in the page cache, just after a remount',
    reader: 'Node, open and read 4 KiB',
    samples: 'few',
    targets: [],
    bound: BOUNDS['first-byte-warm'] ?? '',
    sample: warmFirstByte,
  },
];

export function countOf(readers: number): string {
  return readers === 1 ? '1 reader' : `${readers} readers`;
}
