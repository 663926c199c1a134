/** Metrics of a master and a worker, asked for as Prometheus does. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT, METRICS } from '../../common/index.ts';
import type { MetricSpec } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type { Larder } from '../../sdk/index.ts';
import { freePort } from '../support/free-port.ts';
import { eventually, TestLarder } from '../support/larder.ts';

const FILE_BYTES = 300_000;
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

let larder: TestLarder;
let client: Larder;
const urls = { master: '', worker: '' };

beforeAll(async () => {
  const [port, masterPort, workerPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const master = `127.0.0.1:${String(port)}`;
  const listen = {
    master: `127.0.0.1:${String(masterPort)}`,
    worker: `127.0.0.1:${String(workerPort)}`,
  };
  larder = new TestLarder({ LARDER_WORKER_METRICS_LISTEN: listen.worker });
  const socket = path.join(larder.directory, 'worker.sock');
  const dataDir = larder.folder('master');
  larder.start([
    'master',
    '--listen',
    master,
    '--data-dir',
    dataDir,
    '--metrics-listen',
    listen.master,
  ]);
  larder.start([
    'worker',
    '--master',
    master,
    '--cache-dir',
    larder.folder('cache'),
    '--socket',
    socket,
  ]);
  client = connect({ master, workerSocket: socket });
  await eventually(async () => {
    const status = await client.status().catch(() => undefined);
    return status?.workers.length === 1 ? true : undefined;
  }, 60_000);
  urls.master = `http://${listen.master}/metrics`;
  urls.worker = `http://${listen.worker}/metrics`;
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await larder[Symbol.asyncDispose]();
});

/** By name, with labels as they are written. */
async function readings(role: keyof typeof urls): Promise<Map<string, number>> {
  const answer = await fetch(urls[role]);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const lines = (await answer.text()).split('\n').filter((line) => line.startsWith('larder_'));
  return new Map(
    lines.map((line) => {
      const [name = '', value] = line.split(' ');
      return [name, Number(value)];
    }),
  );
}

describe('metrics', () => {
  test('tell what was read, from where, and what is held', async () => {
    const origin = larder.folder('origin');
    for (const name of ['a', 'b'])
      fs.writeFileSync(path.join(origin, name), Buffer.alloc(FILE_BYTES, name));
    execFileSync('mkfifo', [path.join(origin, 'no-file')]);
    await client.datasets.create('ds', `file://${origin}`);
    await using dataset = await client.datasets.get('ds');
    let state = '';
    for await (const progress of dataset.preload()) state = progress.state;
    expect(state).toBe('complete');
    expect((await dataset.readMany(['a']))[0]?.length).toBe(FILE_BYTES);
    const worker = await readings('worker');
    expect(worker.get('larder_cache_used_bytes')).toBeGreaterThanOrEqual(2 * FILE_BYTES);
    expect(worker.get('larder_origin_bytes_total')).toBe(2 * FILE_BYTES);
    expect(worker.get('larder_read_bytes_total')).toBe(FILE_BYTES);
    expect(worker.get('larder_read_origin_bytes_total')).toBe(0);
    expect(worker.get('larder_disks{state="good"}')).toBe(1);
    const decisions = [...worker.keys()].filter((name) =>
      name.startsWith('larder_decisions_total'),
    );
    expect(decisions).toEqual(expect.arrayContaining([expect.stringContaining('decision="kept"')]));
    const master = await readings('master');
    expect(master.get('larder_held_bytes')).toBe(2 * FILE_BYTES);
    expect(master.get('larder_preloads{state="complete"}')).toBe(1);
    expect(master.get('larder_dataset_files')).toBe(2);
    expect(master.get('larder_dataset_skipped_keys')).toBe(1);
    expect(master.get('larder_dataset_bytes')).toBe(2 * FILE_BYTES);
    expect(master.get('larder_workers{state="alive"}')).toBe(1);
  });

  test.each(['master', 'worker'] as const)(
    'of a %s are all in the list, and none is of the other',
    async (role) => {
      const text = await (await fetch(urls[role])).text();
      const told = [...text.matchAll(/^# TYPE (larder_\w+) (\w+)$/gm)].map(([, name, kind]) => [
        name,
        kind,
      ]);
      const specs: [string, MetricSpec][] = Object.entries(METRICS);
      const listed = specs
        .filter(([, spec]) => spec.role === role)
        .map(([name, { kind }]) => [name, kind]);
      expect(told.sort()).toEqual(listed.sort());
    },
  );

  test('nothing can be sent to it, and nothing else is there', async () => {
    expect((await fetch(urls.worker, { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await fetch(urls.worker.replace('/metrics', '/'))).status).toBe(404);
  });

  test('beyond loopback takes --insecure', async () => {
    const { code, stderr } = await larder.run([
      'worker',
      ...['--master', '127.0.0.1:1', '--cache-dir', larder.folder('other')],
      ...['--socket', path.join(larder.directory, 'other.sock'), '--metrics-listen', '0.0.0.0:0'],
    ]);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('INSECURE_LISTEN');
  });

  test('are as promtool wants them', async (context) => {
    if (!hasPromtool) context.skip('needs promtool (Debian: prometheus)');
    for (const url of Object.values(urls)) {
      const input = await (await fetch(url)).text();
      const { status, stdout } = spawnSync('promtool', ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      expect(stdout.split('\n').filter((line) => line.startsWith('larder_'))).toEqual([]);
      expect([0, 3]).toContain(status);
    }
  });
});
