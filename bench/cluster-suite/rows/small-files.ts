import { testFiles, TestHosts } from '../../../test/support/hosts.ts';
import { readTogether } from '../reading.ts';
import { atLeast, told } from '../../figures.ts';
import type { ClusterRow } from '../row.ts';

const READERS = 16;
const FILES = 2_000;

export const smallFiles: ClusterRow = {
  name: 'small-files',
  title: `100 KB files from a peer, ${READERS} readers, against the same cold from S3`,
  measure: async () => {
    await using hosts = await TestHosts.start({ workers: 1, others: ['reader'] });
    const files = testFiles(FILES, 100_000);
    await hosts.dataset('d', files);
    const reader = await hosts.client('reader');
    const plan = { dataset: 'd', files, readers: READERS };
    const cold = await readTogether(hosts, [reader], plan);
    const warm = await readTogether(hosts, [reader], plan);
    const perSecond = (seconds: number) => `${Math.round(FILES / seconds)} files/s`;
    return [
      { ...atLeast('peer / cold', 3, cold.seconds / warm.seconds), bound: warm.bound },
      { ...told('cold from S3', perSecond(cold.seconds)), bound: cold.bound },
      told('from the peer', perSecond(warm.seconds)),
    ];
  },
};
