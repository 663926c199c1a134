import { testFiles, TestHosts, totalBytes } from '../../../test/support/hosts.ts';
import { readTogether } from '../reading.ts';
import { atMost } from '../../figures.ts';
import type { ClusterRow } from '../row.ts';

const NODES = 8;

export const amplification: ClusterRow = {
  name: 'amplification',
  title: `${NODES} nodes start the same epoch at once`,
  measure: async () => {
    await using hosts = await TestHosts.start({ workers: NODES });
    const files = [...testFiles(400, 100_000, 'small'), ...testFiles(6, 9_000_000, 'large')];
    await hosts.dataset('d', files);
    const names = [...hosts.workers.keys()];
    const readers = await Promise.all(names.map((name) => hosts.client(name)));
    const { bound } = await readTogether(hosts, readers, { dataset: 'd', files });
    const { bytes } = await hosts.served();
    const { origin } = await hosts.status();
    return [
      { ...atMost('bytes / uniqueBytes', 1.01, origin.bytes / origin.uniqueBytes), bound },
      atMost('bytes of the S3 server / dataset', 1.01, bytes / totalBytes(files)),
    ];
  },
};
