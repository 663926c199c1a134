/** The start of a worker whose cache holds an object for each key. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fillCache } from './filled-cache.ts';
import { KeySpace } from './key-space.ts';
import { memoryOf } from '../process-use.ts';
import { atMost, atMostMib, mebibytes, told } from './rows.ts';
import type { Row } from './rows.ts';
import type { Setting } from './setting.ts';

const MAX_SECONDS = 2;
/** The id of the dataset that was made first. */
const FLAT = 1;
const MAX_MIB = 300;
/** By then it has told the master what it holds. */
const SETTLED_MS = 5_000;

export async function measureStart({ cluster, keys }: Setting): Promise<Row[]> {
  await cluster.stopWorker();
  await fillCache(cluster.cacheDirectory, FLAT, new KeySpace('flat', keys));
  const worker = await cluster.startWorker();
  await sleep(SETTLED_MS);
  const { rssBytes, anonBytes, fileBytes, peakBytes } = memoryOf(worker.pid);
  return [
    atMost('start of a worker that holds all of them', MAX_SECONDS, worker.seconds, 's'),
    atMostMib('  RSS after it', MAX_MIB, rssBytes),
    told('  its own / of mapped files', `${mebibytes(anonBytes)} / ${mebibytes(fileBytes)}`),
    told('  most RSS', mebibytes(peakBytes)),
  ];
}
