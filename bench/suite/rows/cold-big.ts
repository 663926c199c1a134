/** One large file that nobody holds yet: from an empty cache, the origin's file in its page cache. */
import { KIB, MIB } from '../../../common/index.ts';
import { PEERS } from '../contender.ts';
import type { ContenderName } from '../contender.ts';
import type { Row, Target } from '../row.ts';
import { coldBig, coldFirstByte } from '../samples.ts';
import { BOUNDS } from './bounds.ts';
import { countOf } from './warm-big.ts';

const OWN: readonly ContenderName[] = ['native', 'baseline', 'larder'];
const AGAINST_PEERS: readonly ContenderName[] = ['native', 'larder', ...PEERS];
const BEFORE = 'empty cache, origin in its page cache; the native file dropped from the page cache';
const LIMIT_BYTES_PER_SECOND = 300e6;
const LIMIT_SHARE = 0.95;

const sequential = [MIB, 128 * KIB].flatMap((blockBytes) =>
  [1, 4, 16].map((readers): Row => {
    const size = blockBytes === MIB ? '1m' : '128k';
    const name = `cold-sequential-${size}-${readers}`;
    const isTarget = blockBytes === MIB && readers === 1;
    const targets: readonly Target[] = [
      { suite: 'own', of: ['larder'], than: ['baseline'], atLeast: 0.9 },
      { suite: 'peers', of: ['larder'], than: PEERS, atLeast: 1.1 },
    ];
    return {
      name,
      title: `cold sequential, ${size === '1m' ? '1 MiB' : '128 KiB'} reads, ${countOf(readers)}`,
      unit: 'GB/s',
      contenders: { own: OWN, ...(blockBytes === MIB ? { peers: AGAINST_PEERS } : {}) },
      before: BEFORE,
      reader: 'fio, psync',
      samples: blockBytes === MIB ? 'few' : 'once',
      targets: isTarget ? targets : [],
      bound: BOUNDS[name] ?? '',
      sample: async (bench, contender) => {
        const read = { pattern: 'read', engine: 'psync', blockBytes, readers } as const;
        return (await coldBig(bench, contender, read)) / 1e9;
      },
    };
  }),
);

export const COLD_BIG: readonly Row[] = [
  ...sequential,
  {
    name: 'cold-limited',
    title: 'cold sequential, 1 MiB reads, 1 reader, the origin limited to 300 MB/s',
    unit: 'GB/s',
    contenders: { own: ['baseline', 'larder'] },
    before: 'empty cache, origin in its page cache behind a link of 300 MB/s (tbf)',
    reader: 'fio, psync',
    samples: 'few',
    targets: [
      {
        suite: 'own',
        of: ['larder'],
        limit: (LIMIT_SHARE * LIMIT_BYTES_PER_SECOND) / 1e9,
        text: `${LIMIT_SHARE} × 300 MB/s`,
      },
    ],
    bound: BOUNDS['cold-limited'] ?? '',
    sample: async (bench, contender) => {
      const read = { pattern: 'read', engine: 'psync', blockBytes: MIB, readers: 1 } as const;
      return (await coldBig(bench, contender, read, LIMIT_BYTES_PER_SECOND)) / 1e9;
    },
  },
  {
    name: 'first-byte-cold',
    title: 'time to first byte of the large file, cold',
    unit: 'ms',
    contenders: { own: ['native', 'larder'], peers: AGAINST_PEERS },
    before: BEFORE,
    reader: 'Node, open and read 4 KiB',
    samples: 'few',
    targets: [],
    bound: BOUNDS['first-byte-cold'] ?? '',
    sample: coldFirstByte,
  },
];
