/** The master is away for a while during an epoch. */
import { cpus } from 'node:os';
import { median } from '../../median.ts';
import { testFiles, TestHosts } from '../../../test/support/hosts.ts';
import type { HostClient, ReadPlan } from '../../../test/support/hosts.ts';
import { CpuMeter } from '../cpu.ts';
import { hold, pause } from '../reading.ts';
import { atMost, told } from '../../figures.ts';
import type { ClusterRow } from '../row.ts';

const FILES = 200;
const READERS = 4;
const ROUNDS = 3;

export const masterAway: ClusterRow = {
  name: 'master-away',
  title: 'the master is killed, and away for a while during an epoch',
  measure: async ({ awaySeconds, say }) => {
    await using hosts = await TestHosts.start({ workers: 3, others: ['cpu'] });
    const files = testFiles(FILES, 100_000);
    await hosts.dataset('d', files);
    await hold(hosts, 'd');
    const readers = await Promise.all(['w1', 'cpu'].map((name) => hosts.client(name)));
    // As training does: an epoch lasts a while longer than the master is away.
    const pauseMs = (1_300 * awaySeconds * READERS) / FILES;
    const plan = { dataset: 'd', files, readers: READERS, pauseMs };
    const undisturbed: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { seconds } = await epoch(readers, plan);
      undisturbed.push(seconds);
      say(`  undisturbed: ${seconds.toFixed(1)} s`);
    }
    const meter = new CpuMeter(
      hosts,
      readers.map((reader) => reader.process),
    );
    const reading = epoch(readers, plan);
    await pause(1_000);
    await hosts.master.kill();
    await pause(1_000 * awaySeconds);
    await hosts.master.restart();
    const { seconds, errors, bytes } = await reading;
    const bound = meter.bound(bytes, cpus().length);
    const usual = median(undisturbed);
    return [
      atMost('read errors', 0, errors),
      { ...atMost('epoch / median of three undisturbed', 1.1, seconds / usual, ' ×'), bound },
      told('away', `${awaySeconds} s of an epoch of ${seconds.toFixed(1)} s`),
    ];
  },
};

async function epoch(readers: readonly HostClient[], plan: ReadPlan) {
  const since = performance.now();
  const reports = await Promise.all(readers.map((reader) => reader.read(plan)));
  const errors = reports.flatMap(({ wrong, failed }) => [...wrong, ...failed]).length;
  const bytes = reports.reduce((sum, report) => sum + report.bytes, 0);
  return { seconds: (performance.now() - since) / 1_000, errors, bytes };
}
