/** `larder plan` and `larder plans` against a master and workers as processes. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outcome } from '../support/larder.ts';
import { eventually } from '../support/larder.ts';
import { ReportCluster } from '../support/report-cluster.ts';

let cluster: ReportCluster;
beforeAll(async () => {
  cluster = await ReportCluster.start({ workers: 1 });
  for (let i = 0; i < 60; i += 1) {
    const folder = path.join(cluster.origin, 'train', i % 2 === 0 ? 'cat' : 'dog');
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${String(i)}.jpg`), Buffer.alloc(1_000, i));
  }
  await cluster.larder.datasets.create('ds', `file://${cluster.origin}`);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function run(...args: string[]): Promise<Outcome> {
  return cluster.scratch.run([...args, '--master', cluster.master]);
}

async function ended(job: string): Promise<void> {
  expect(await run('plans', 'end', job)).toMatchObject({ code: 0, stderr: '' });
}

test('a plan is told, shown as workers follow it, and ended', async () => {
  const sampler = ['--sampler', 'torch-distributed', '--seed', '3', '--epochs', '2'];
  const files = ['--files', 'image-folder', '--root', 'train', '--world', '8', '--drop-last'];
  const told = await run('plan', 'ds@v1', ...sampler, ...files, '--job', 'resnet');
  expect(told).toMatchObject({ code: 0, stderr: '' });
  expect(told.stdout).toContain('resnet: planned for ds@v1');
  const table = await eventually(async () => {
    const { stdout } = await run('plans', 'list');
    return stdout.includes('waiting') ? stdout : undefined;
  });
  // 60 files, of which 8 ranks read 56 in an epoch.
  expect(table).toMatch(/resnet +ds@v1 +\S+ +waiting +0 +0\/56 +0 +\d+/);
  await ended('resnet');
  const again = await run('plans', 'end', 'resnet');
  expect(again.stderr).toContain('NOT_FOUND');
  expect((await run('plans', 'list')).stdout).toBe('No plans.\n');
});

test('a plan as JSON, and a list of paths', async () => {
  const file = path.join(cluster.scratch.directory, 'plan.json');
  fs.writeFileSync(file, JSON.stringify({ sampler: 'list', order: [2, 0], job: 'json' }));
  expect(await run('plan', 'ds', '--plan', file)).toMatchObject({ code: 0, stderr: '' });
  const list = path.join(cluster.scratch.directory, 'list.txt');
  fs.writeFileSync(list, 'train/dog/1.jpg\ntrain/cat/0.jpg\n');
  const command = ['plan', 'ds', '--sampler', 'sequential', '--list', list, '--job', 'paths'];
  expect(await run(...command)).toMatchObject({ code: 0, stderr: '' });
  const fetched = await eventually(async () => {
    const { stdout } = await run('plans', 'list', '--json');
    const { plans } = JSON.parse(stdout) as { plans: { workers: { samples: number }[] }[] };
    const samples = plans.map(({ workers }) => workers[0]?.samples ?? 0);
    return samples.every((it) => it > 0) ? samples : undefined;
  });
  expect(fetched).toEqual([2, 2]);
  for (const job of ['json', 'paths']) await ended(job);
});

test.each([
  ['no sampler', [], '--sampler'],
  ['a seed that is none', ['--sampler', 'sequential', '--seed', 'x'], 'seed'],
  ['no epochs', ['--sampler', 'sequential', '--epochs', '0'], 'epochs'],
  ['a list that is not there', ['--sampler', 'sequential', '--list', '/nowhere'], 'ENOENT'],
  ['a list and a rule', ['--sampler', 'sequential', '--list', 'l', '--root', 'train'], '--list'],
])('%s is refused by name', async (_, flags, said) => {
  const { code, stderr } = await run('plan', 'ds', ...flags);
  expect(code).toBe(2);
  expect(stderr).toContain('INVALID_ARGUMENT');
  expect(stderr).toContain(said);
});

test.each([
  ['of nonsense', 'nonsense', 'JSON'],
  ['that is no object', '[1]', 'JSON object'],
  ['of another version', '{"sampler":"sequential","version":9}', 'ds@v9'],
  ['with an unknown field', '{"sampler":"sequential","files":{"rule":"sorted","x":1}}', 'files.x'],
])('a plan %s is refused, with the place of the fault', async (_, json, said) => {
  const file = path.join(cluster.scratch.directory, 'bad.json');
  fs.writeFileSync(file, json);
  const { code, stderr } = await run('plan', 'ds', '--plan', file);
  expect(code).toBe(2);
  expect(stderr).toContain(said);
});

test('a plan of 100 MB is refused before it is read', async () => {
  const file = path.join(cluster.scratch.directory, 'large.json');
  fs.writeFileSync(file, '');
  fs.truncateSync(file, 100_000_000);
  const { code, stderr } = await run('plan', 'ds', '--plan', file);
  expect(code).toBe(2);
  expect(stderr).toContain('100000000');
});
