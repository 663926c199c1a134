/** Ten thousand open files, and processes that may open next to none. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, isMountpoint, isRunning } from '../support/larder.ts';
import { limitFds, openFds, rssBytes, TestParts } from '../support/parts.ts';
import { differences, digest, sha256 } from '../support/trees.ts';

const MIB = 1024 * 1024;
const FEW = ['prlimit', '--nofile=80:80'];

let parts: TestParts;
let origin: string;

beforeEach(() => {
  parts = new TestParts();
  origin = parts.larder.folder('origin');
});

afterEach(async () => {
  await parts[Symbol.asyncDispose]();
});

/** Small files, and large ones that are more than one block. */
function makeFiles(small: number, large: number): void {
  for (let i = 0; i < small; i += 1) {
    const folder = path.join(origin, String(i % 20));
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `f${String(i)}`), `file ${String(i)}\n`);
  }
  for (let i = 0; i < large; i += 1) {
    fs.writeFileSync(path.join(origin, `large-${String(i)}`), randomBytes(9 * MIB + i));
  }
}

/** Both trees are read in other processes: a mount that hangs does not hang the test. */
async function readsRight(mountpoint: string): Promise<void> {
  expect(await differences(origin, mountpoint)).toBe('');
}

test('10,000 files of a mount open at once: all can be read, and the server opens few', async () => {
  const COUNT = 10_000;
  makeFiles(COUNT, 0);
  await parts.master();
  const worker = await parts.worker();
  await parts.dataset('d', `file://${origin}`);
  const mountpoint = await parts.mount('d', { flags: ['--open-mode', 'passthrough'] });
  const server = await parts.larder.pid('server');
  const before = { server: openFds(server), worker: openFds(worker.pid), rss: rssBytes(server) };
  const handles: fs.promises.FileHandle[] = [];
  const open = async (i: number) => {
    const file = path.join(mountpoint, String(i % 20), `f${String(i)}`);
    handles[i] = await fs.promises.open(file, 'r');
  };
  try {
    for (let i = 0; i < COUNT; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => open(i + j)));
    }
    for (let i = 0; i < COUNT; i += 250) {
      const text = await handles[i]!.readFile('utf8');
      expect(text).toBe(`file ${String(i)}\n`);
    }
    const grown = (rssBytes(server) - before.rss) / MIB;
    console.log(
      `10,000 open files: ${String(openFds(server))} fds of the server, ` +
        `${String(openFds(worker.pid))} of the worker, ${grown.toFixed(0)} MiB more of the server`,
    );
    expect(openFds(server)).toBeLessThan(before.server + 2 * 64 + 10);
    expect(openFds(worker.pid)).toBeLessThan(before.worker + 100);
    expect(grown).toBeLessThan(100);
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
  expect(fs.readFileSync(path.join(mountpoint, '1/f1'), 'utf8')).toBe('file 1\n');
});

describe('80 file descriptors', () => {
  beforeEach(() => {
    makeFiles(60, 4);
  });

  test.each(['master', 'worker', 'mount'] as const)(
    'of the %s: every byte is right',
    async (role) => {
      const through = (which: string) => (role === which ? { through: FEW } : {});
      await parts.master(through('master'));
      const worker = await parts.worker(through('worker'));
      await parts.dataset('d', `file://${origin}`);
      const mountpoint = await parts.mount('d', through('mount'));
      await readsRight(mountpoint);
      await Promise.all(
        [0, 1, 2, 3].map((i) => sha256(path.join(mountpoint, `large-${String(i)}`))),
      );
      await readsRight(mountpoint);
      const server = await parts.larder.pid('server');
      console.log(
        `${role} with 80: worker ${String(openFds(worker.pid))}, server ${String(openFds(server))}`,
      );
    },
  );

  test('more connections than a worker with 80 can have: refused with BUSY, and room again after', async () => {
    await parts.master();
    const worker = await parts.worker({ through: FEW });
    await parts.dataset('d', `file://${origin}`);
    const mountpoint = await parts.mount('d');
    await readsRight(mountpoint);
    const fds = openFds(worker.pid);
    const answers: string[] = [];
    const clients = Array.from({ length: 200 }, () => {
      const client = net.connect(worker.ready['socket'] ?? '');
      client.on('error', () => undefined);
      client.on('data', (bytes) => answers.push(bytes.toString('latin1')));
      return client;
    });
    await eventually(() => (answers.some((answer) => answer.includes('BUSY')) ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isRunning(worker.pid)).toBe(true);
    await readsRight(mountpoint);
    for (const client of clients) client.destroy();
    await eventually(() => (openFds(worker.pid) <= fds + 2 ? true : undefined));
    await readsRight(await parts.mount('d'));
  });

  test('the last one goes while a worker runs: reads are right or fail, nothing held is lost', async () => {
    await parts.master();
    const worker = await parts.worker();
    await parts.dataset('d', `file://${origin}`);
    // A worker that cannot open the origin's file says BUSY, and is asked again until the time is over.
    const mountpoint = await parts.mount('d', { env: { LARDER_READ_TIMEOUT_MS: '3000' } });
    const large = path.join(mountpoint, 'large-0');
    const expected = digest(fs.readFileSync(path.join(origin, 'large-0')));
    expect(await sha256(large)).toBe(expected);
    const held = async () => (await parts.larder.status()).datasets[0]?.heldBytes ?? 0;
    await eventually(async () => ((await held()) >= 9 * MIB ? true : undefined));
    await limitFds(worker.pid, openFds(worker.pid));
    const names = ['large-0', 'large-1', '3/f3', '4/f4'];
    for (const name of names) {
      const sum = await sha256(path.join(mountpoint, name)).catch(String);
      if (/^[0-9a-f]{64}$/.test(sum))
        expect(sum).toBe(digest(fs.readFileSync(path.join(origin, name))));
      else expect(sum).toMatch(/Input\/output error/);
    }
    expect(await held()).toBeGreaterThanOrEqual(9 * MIB);
    await limitFds(worker.pid, 1_024);
    await readsRight(mountpoint);
  });
});

test('with 64 file descriptors: master, worker and mount are refused, and say how many they need', async () => {
  makeFiles(1, 0);
  await parts.master();
  await parts.worker();
  await parts.dataset('d', `file://${origin}`);
  const where = ['--master', parts.masterAddress];
  const mountpoint = parts.larder.folder('mnt-few');
  for (const args of [
    ['master', '--listen', '127.0.0.1:0', '--data-dir', parts.larder.folder('few')],
    ['worker', ...where, '--cache-dir', parts.larder.folder('few-files')],
    ['mount', 'd', mountpoint, ...where, '--detach'],
  ]) {
    const { code, stderr } = await parts.larder.run(args, {}, ['prlimit', '--nofile=64:64']);
    expect(code, args[0]).toBe(1);
    expect(stderr).toContain('[OPEN_FILES_LIMIT]');
    expect(stderr).toContain('limit=64, needed=80');
    expect(stderr).toContain('ulimit -n');
  }
  expect(isMountpoint(mountpoint)).toBe(false);
  await readsRight(await parts.mount('d'));
});
