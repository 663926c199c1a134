/** `node s3-process.ts ADDRESS`: the S3 server of a cluster of hosts, led by calls. */
import { TEST_CREDENTIALS } from '../larder.ts';
import { startS3Server } from '../s3/index.ts';
import type { FaultRule } from '../s3/index.ts';
import { answerCalls } from './calls.ts';
import type { TestFile } from './files.ts';

export interface Served {
  readonly gets: number;
  readonly lists: number;
  /** Body bytes of GETs. */
  readonly bytes: number;
  /** Of each key that was read at all. */
  readonly byKey: Readonly<Record<string, number>>;
}

export interface Put {
  /** In bucket `b`: the dataset. */
  readonly prefix: string;
  readonly files: readonly TestFile[];
}

export type KeyFault = Omit<FaultRule, 'key'> & { readonly keyPattern?: string };

const [, , host = ''] = process.argv;
const server = await startS3Server({ host, buckets: ['b'], credentials: [TEST_CREDENTIALS] });
const keys = new Set<string>();

answerCalls(
  {
    put: ({ prefix, files }: Put) => {
      for (const { path, sizeBytes, seed } of files) {
        const key = `${prefix}/${path}`;
        keys.add(key);
        server.put('b', key, { kind: 'pattern', sizeBytes, seed });
      }
    },
    served: (): Served => {
      const { gets, lists, bytes } = server.counters;
      const all = [...keys].map((key) => [key, server.bytesServed('b', key)] as const);
      return { gets, lists, bytes, byKey: Object.fromEntries(all.filter(([, sent]) => sent > 0)) };
    },
    fault: ({ keyPattern, ...rule }: KeyFault) => {
      server.faults.add(keyPattern === undefined ? rule : { ...rule, key: new RegExp(keyPattern) });
    },
    clearFaults: () => {
      server.faults.clear();
    },
  },
  { endpoint: server.endpoint },
);
