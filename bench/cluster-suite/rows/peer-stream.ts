/** One stream from a peer, against iperf3 between the same two hosts. */
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { onlyObject } from '../only-object.ts';
import { median } from '../../median.ts';
import { isInstalled } from '../../processes.ts';
import { testFiles, TestHosts } from '../../../test/support/hosts.ts';
import type { HostProcess } from '../../../test/support/hosts.ts';
import { CpuMeter } from '../cpu.ts';
import { hold, pause } from '../reading.ts';
import { atLeast, NotAvailable, told } from '../../figures.ts';
import type { Figure } from '../../figures.ts';
import type { ClusterOptions, ClusterRow } from '../row.ts';
import type { Streamed } from '../stream-process.ts';

const FILE_BYTES = 1 << 30;
/** The server of a mount has just started: its first reads are compiled while they run. */
const WARM_BYTES = 128 << 20;
/** An odd number, so that the median is one of them. */
const ROUNDS = 3;
const SCRIPT = path.join(import.meta.dirname, '../stream-process');

export const peerStream: ClusterRow = {
  name: 'peer-stream',
  title: 'one stream from a peer, against iperf3 between the same two hosts',
  measure: async (options) => {
    if (!(await isInstalled('iperf3'))) throw new NotAvailable('iperf3 is not installed');
    const worker = () => ({ cacheSize: '2GiB' });
    await using hosts = await TestHosts.start({ workers: 1, others: ['reader'], worker });
    const [file] = testFiles(1, FILE_BYTES);
    if (file === undefined) throw new Error('no file');
    await hosts.dataset('d', [file]);
    await hold(hosts, 'd');
    const reader = await hosts.process('reader', SCRIPT);
    // In turns: a slow minute of the machine meets all of them.
    const rounds: { plain: number; alone: Speed; mounted: Speed }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({
        plain: await iperf(hosts, options),
        alone: await dataPlane(hosts, reader, options),
        mounted: await mount(hosts, reader, file.path),
      });
    }
    const plain = median(rounds.map((round) => round.plain));
    const alone = middle(rounds.map((round) => round.alone));
    const mounted = middle(rounds.map((round) => round.mounted));
    return [
      told('iperf3, one stream', gigabytes(plain)),
      { ...atLeast('data plane / iperf3', 0.9, alone.speed / plain), bound: alone.bound },
      told('data plane', gigabytes(alone.speed)),
      {
        ...atLeast('through the mount / iperf3', 0.5, mounted.speed / plain),
        bound: mounted.bound,
      },
      told('through the mount', gigabytes(mounted.speed)),
    ] satisfies Figure[];
  },
};

/** Bytes per second from the worker's host to the reader's. */
async function iperf(hosts: TestHosts, { streamSeconds }: ClusterOptions): Promise<number> {
  const { network } = hosts;
  const [program = '', ...within] = network.within('w1');
  const server = promisify(execFile)(program, [...within, 'iperf3', '-s', '-1']);
  await pause(500);
  const [first = '', ...rest] = network.within('reader');
  const seconds = String(streamSeconds);
  const args = ['iperf3', '-c', network.address('w1'), '-R', '-J', '-t', seconds];
  const { stdout } = await promisify(execFile)(first, [...rest, ...args]);
  await server;
  const report = JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } };
  return report.end.sum_received.bits_per_second / 8;
}

interface Speed {
  readonly speed: number;
  readonly bound: string;
}

async function dataPlane(
  hosts: TestHosts,
  reader: HostProcess,
  { streamSeconds }: ClusterOptions,
): Promise<Speed> {
  const address = `${hosts.network.address('w1')}:7500`;
  const object = onlyObject(hosts);
  const plan = { address, ...object, sizeBytes: FILE_BYTES, seconds: streamSeconds };
  // Once for the compiler and the page cache.
  await reader.call('stream', { ...plan, seconds: 1 });
  const meter = new CpuMeter(hosts, [reader]);
  return speedOf((await reader.call('stream', plan)) as Streamed, meter);
}

/** What was read is in the kernel's memory: each pass has a mount of its own. */
async function mount(hosts: TestHosts, reader: HostProcess, name: string): Promise<Speed> {
  const mountpoint = await hosts.mount('reader', 'd');
  const meter = new CpuMeter(hosts, [reader], await servers(hosts));
  const plan = { file: path.join(mountpoint, name), warmBytes: WARM_BYTES };
  const { bytes, seconds } = (await reader.call('readFile', plan)) as Streamed;
  const speed = { speed: bytes / seconds, bound: meter.bound(FILE_BYTES, cpus().length) };
  await hosts.unmount('reader', mountpoint);
  return speed;
}

function middle(speeds: readonly Speed[]): Speed {
  const wanted = median(speeds.map(({ speed }) => speed));
  return speeds.find(({ speed }) => speed === wanted) ?? { speed: wanted, bound: '' };
}

async function servers(hosts: TestHosts): Promise<{ pid: number }[]> {
  const status = JSON.parse(await hosts.ok('reader', ['status', '--json'])) as {
    processes: { role: string; pid: number }[];
  };
  return status.processes.filter(({ role }) => role === 'server');
}

function speedOf({ bytes, seconds }: Streamed, meter: CpuMeter): Speed {
  return { speed: bytes / seconds, bound: meter.bound(bytes, cpus().length) };
}

function gigabytes(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e9).toFixed(2)} GB/s`;
}
