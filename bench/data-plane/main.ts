/**
 * The data plane alone: one stream from a worker to a reader in another process over loopback, in CPU seconds
 * per GiB of each side, because a busy machine distorts time; and iperf3 beside it.
 *
 * Shows what serving threads and `sendfile` bring: each row is one setting of `servingThreads`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ManifestReader, MIB, systemClock } from '../../common/index.ts';
import { startMaster } from '../../master/index.ts';
import { DataClient, tcpAddress } from '../../rpc/data/index.ts';
import { FilePageSource } from '../../rpc/manifests/index.ts';
import { connect } from '../../sdk/index.ts';
import { cpuSecondsOf } from '../process-use.ts';

const FILE_BYTES = 512 * MIB;
const READ_BYTES = 4 * MIB;
const DEPTH = 4;
const ROUNDS = 3;
const IPERF_PORT = 15_201;

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-data-plane-'));
try {
  await main();
} finally {
  fs.rmSync(directory, { recursive: true });
}

async function main(): Promise<void> {
  const origin = path.join(directory, 'origin');
  fs.mkdirSync(origin);
  fs.writeFileSync(path.join(origin, 'big'), Buffer.alloc(FILE_BYTES, 'larder'));
  for (const threads of [0, 1, 2]) {
    const home = path.join(directory, String(threads));
    fs.mkdirSync(`${home}/master`, { recursive: true });
    await using master = await startMaster({ dataDir: `${home}/master`, listen: '127.0.0.1:0' });
    await measure(master.address, origin, home, threads);
    fs.rmSync(home, { recursive: true });
  }
  await iperf();
}

async function measure(
  master: string,
  origin: string,
  home: string,
  threads: number,
): Promise<void> {
  const entry = new URL('../../cli/main.js', import.meta.url).pathname;
  const where = ['--cache-dir', `${home}/cache`, '--socket', `${home}/s`, '--cache-size', '2GiB'];
  const worker = spawn(
    process.execPath,
    [entry, 'worker', '--json', '--master', master, ...where],
    {
      env: { ...process.env, LARDER_SERVING_THREADS: String(threads) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    let printed = '';
    for await (const line of createInterface({ input: worker.stdout })) {
      printed += line;
      if (line === '}') break;
    }
    const { dataAddress } = JSON.parse(printed) as { dataAddress: string };
    const pid = worker.pid ?? 0;
    await using client = await DataClient.connect(
      tcpAddress(dataAddress),
      { clock: systemClock, client: 'bench', connectTimeoutMs: 5_000 },
      new AbortController().signal,
    );
    const objectId = await makeDataset(master, origin, client);
    await readAll(client, objectId);
    // Until it is complete, and the last of its pages is written.
    await systemClock.sleep(2_000);
    for (let round = 0; round < ROUNDS; round += 1) {
      const [mine, its, startMs] = [process.cpuUsage(), cpuSecondsOf(pid), performance.now()];
      await readAll(client, objectId);
      const seconds = (performance.now() - startMs) / 1e3;
      const { user, system } = process.cpuUsage(mine);
      report(`${String(threads)} threads`, {
        sender: cpuSecondsOf(pid) - its,
        receiver: (user + system) / 1e6,
        seconds,
      });
    }
  } finally {
    worker.kill();
    await once(worker, 'exit');
  }
}

/** @returns the id of its only file's object */
async function makeDataset(master: string, origin: string, client: DataClient): Promise<string> {
  await using larder = connect({ master });
  await larder.datasets.create('d', `file://${origin}`);
  await using dataset = await larder.datasets.get('d');
  const { signal } = new AbortController();
  const options = { timeoutMs: 10_000, signal };
  const version = { datasetId: dataset.info.id, version: 1 };
  const { manifestPath, manifestBytes } = await client.openVersion(version, options);
  await client.fetchManifest({ ...version, offsetBytes: 0, lengthBytes: manifestBytes }, options);
  using source = new FilePageSource(manifestPath, manifestBytes);
  return ManifestReader.open(source).objectRef(1, dataset.info).objectId;
}

async function readAll(client: DataClient, objectId: string): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: DEPTH }, async () => {
      const memory = Buffer.allocUnsafeSlow(READ_BYTES);
      while (next < FILE_BYTES) {
        const offsetBytes = next;
        next += READ_BYTES;
        const request = {
          ...{ datasetId: 1, version: 1, ordinal: 1, offsetBytes, lengthBytes: READ_BYTES },
          ...{ mayFetch: true, placement: 0, deadlineMs: 60_000 },
        };
        const { signal } = new AbortController();
        const options = { timeoutMs: 60_000, signal };
        await client.read(request, objectId, options, memory);
      }
    }),
  );
}

async function iperf(): Promise<void> {
  const port = String(IPERF_PORT);
  const server = spawn('iperf3', ['-s', '-1', '-p', port], { stdio: 'ignore' });
  await systemClock.sleep(500);
  const client = spawn('iperf3', [
    '-c',
    '127.0.0.1',
    '-p',
    port,
    '-n',
    String(3 * FILE_BYTES),
    '-J',
  ]);
  let output = '';
  for await (const chunk of client.stdout) output += String(chunk);
  const { end } = JSON.parse(output) as { end: IperfEnd };
  const gib = (3 * FILE_BYTES) / 2 ** 30;
  const { seconds } = end.sum_received;
  const share = (percent: number) => ((percent / 100) * seconds) / (2 * gib);
  report('iperf3', {
    sender: share(end.cpu_utilization_percent.host_total),
    receiver: share(end.cpu_utilization_percent.remote_total),
    seconds: seconds / (2 * gib),
  });
  server.kill();
}

interface IperfEnd {
  readonly sum_received: { readonly seconds: number };
  readonly cpu_utilization_percent: {
    readonly host_total: number;
    readonly remote_total: number;
  };
}

function report(
  name: string,
  use: { readonly sender: number; readonly receiver: number; readonly seconds: number },
): void {
  const gib = FILE_BYTES / 2 ** 30;
  const perGib = (seconds: number) => (seconds / gib).toFixed(2);
  console.log(
    `${name}: sender ${perGib(use.sender)}, receiver ${perGib(use.receiver)} CPU s/GiB; ` +
      `${(FILE_BYTES / use.seconds / 1e9).toFixed(2)} GB/s`,
  );
}
