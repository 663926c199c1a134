/** Everybody wants one file, over slow links: model weights. */
import { testFiles, TestHosts } from '../../../test/support/hosts.ts';
import type { TestFile } from '../../../test/support/hosts.ts';
import { MBIT, readTogether } from '../reading.ts';
import { atMost, told } from '../../figures.ts';
import type { Figure } from '../../figures.ts';
import type { ClusterOptions, ClusterRow } from '../row.ts';

const NODES = 8;
/** A stream that shares a slow link with seven others waits for its turn. */
const PATIENT = { readTimeoutMs: 120_000, attemptTimeoutMs: 60_000 };

export const everyoneAll: ClusterRow = everyone('all');
export const everyoneDefault: ClusterRow = everyone('1');

function everyone(replicas: '1' | 'all'): ClusterRow {
  const how = replicas === 'all' ? 'replicas=all' : 'the default';
  return {
    name: replicas === 'all' ? 'everyone-all' : 'everyone-default',
    title: `${NODES} nodes want one file over limited links, ${how}`,
    measure: async (options) => {
      const [file] = testFiles(1, options.fileBytes);
      if (file === undefined) throw new Error('no file');
      const alone = await seconds(options, file, 1, {});
      options.say(`  one node alone: ${alone.seconds.toFixed(1)} s`);
      const settings: Record<string, string> = replicas === 'all' ? { replicas } : {};
      const together = await seconds(options, file, NODES, settings);
      const amplification = together.originBytes / file.sizeBytes;
      const what = `${NODES} nodes / one alone`;
      const ratio: Figure =
        replicas === 'all'
          ? atMost(what, 2, together.seconds / alone.seconds, ' ×')
          : told(what, `${(together.seconds / alone.seconds).toFixed(2)} ×`);
      return [
        { ...ratio, bound: together.bound },
        told('one alone', `${alone.seconds.toFixed(1)} s`),
        told(`${NODES} nodes`, `${together.seconds.toFixed(1)} s`),
        atMost('bytes of the S3 server / file', 1.01, amplification),
      ];
    },
  };
}

/** A tree's depth, or a chain's start: each doubling of the nodes costs as much as the one before, at most. */
export const everyoneGrowth: ClusterRow = {
  name: 'everyone-growth',
  title: 'more and more nodes want one file over limited links, replicas=all',
  measure: async (options) => {
    const [file] = testFiles(1, options.fileBytes);
    if (file === undefined) throw new Error('no file');
    const took = new Map<number, number>();
    for (const nodes of [2, 4, 8]) {
      const read = await seconds(options, file, nodes, { replicas: 'all' });
      took.set(nodes, read.seconds);
      options.say(`  ${nodes} nodes: ${read.seconds.toFixed(1)} s`);
    }
    const [two = 0, ...more] = took.values();
    return [
      told('2 nodes', `${two.toFixed(1)} s`),
      ...more.map((taken, i) => {
        const doublings = i + 2;
        return atMost(`${2 ** doublings} nodes / 2 nodes: log N`, doublings, taken / two, ' ×');
      }),
    ];
  },
};

async function seconds(
  { linkMbit }: ClusterOptions,
  file: TestFile,
  nodes: number,
  settings: Readonly<Record<string, string>>,
) {
  await using hosts = await TestHosts.start({ workers: nodes });
  await hosts.dataset('d', [file], settings);
  const names = [...hosts.workers.keys()];
  const readers = await Promise.all(names.map((name) => hosts.client(name, PATIENT)));
  for (const name of ['s3', ...names]) hosts.network.limit(name, linkMbit * MBIT);
  const read = await readTogether(hosts, readers, { dataset: 'd', files: [file] });
  return { ...read, originBytes: (await hosts.served()).bytes };
}
