/** A worker dies, or hangs, in the middle of an epoch. */
import { testFiles, TestHosts, totalBytes } from '../../../test/support/hosts.ts';
import { cpus } from 'node:os';
import { CpuMeter } from '../cpu.ts';
import { checkRight, hold, pause } from '../reading.ts';
import { atMost, told } from '../../figures.ts';
import type { ClusterRow } from '../row.ts';

/** Of a mount by default. */
const READ_TIMEOUT_MS = 30_000;

export const killedWorker: ClusterRow = failingWorker('SIGKILL');
export const stoppedWorker: ClusterRow = failingWorker('SIGSTOP');

function failingWorker(signal: 'SIGKILL' | 'SIGSTOP'): ClusterRow {
  return {
    name: signal === 'SIGKILL' ? 'killed-worker' : 'stopped-worker',
    title: `${signal} of a worker in an epoch`,
    measure: async () => {
      await using hosts = await TestHosts.start({ workers: 4, others: ['cpu'] });
      const files = [...testFiles(300, 100_000, 'small'), ...testFiles(4, 9_000_000, 'large')];
      await hosts.dataset('d', files);
      await hold(hosts, 'd');
      const before = (await hosts.served()).bytes;
      const owners = await hosts.control.owners({ dataset: 'd', files });
      const share = totalBytes(files.filter((_, i) => owners[i] === 'w2'));
      const readers = await Promise.all(
        ['w1', 'cpu'].map((name) => hosts.client(name, { readTimeoutMs: READ_TIMEOUT_MS })),
      );
      const plan = { dataset: 'd', files, readers: 4, pauseMs: 20 };
      const processes = readers.map((reader) => reader.process);
      const meter = new CpuMeter(hosts, processes);
      const reading = Promise.all(readers.map((reader) => reader.read(plan)));
      await pause(500);
      if (signal === 'SIGKILL') await hosts.worker('w2').kill();
      else hosts.worker('w2').pause();
      const reports = await reading;
      const wrong = reports.flatMap((report) => report.wrong).length;
      const errors = reports.flatMap((report) => report.failed).length;
      if (wrong > 0) checkRight(reports);
      const slowestMs = Math.max(...reports.map((report) => report.slowestMs));
      const bytes = reports.reduce((sum, report) => sum + report.bytes, 0);
      const bound = meter.bound(bytes, cpus().length);
      const originBytes = (await hosts.served()).bytes - before;
      return [
        atMost('read errors', 0, errors),
        { ...atMost('slowest read', READ_TIMEOUT_MS, slowestMs, ' ms'), bound },
        atMost('bytes from the origin / its share', 1, originBytes / share),
        told('its share', `${(share / 1e6).toFixed(1)} MB`),
      ];
    },
  };
}
