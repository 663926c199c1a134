/** The job of the guide for PyTorch, as it stands there, where this machine has torch. */
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { eventually, TestLarder } from '../support/larder.ts';

const execute = promisify(execFile);
const GUIDE = path.resolve('docs/guides/pytorch.md');
const FILES = 160;
const FILE_BYTES = 1_000;
const EPOCHS = 2;

/** A Python that has torch, where this machine has one. */
const PYTHON = ['python3', '/usr/bin/python3'].find((python) => {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
});

test('the job of the PyTorch guide reads all of its dataset, and its plan is followed', async (context) => {
  if (PYTHON === undefined) context.skip('no python3 here has torch');
  const script = /```python\n([\s\S]*?)```/.exec(fs.readFileSync(GUIDE, 'utf8'))?.[1] ?? '';
  await using larder = new TestLarder();
  const origin = larder.folder('origin');
  for (let i = 0; i < FILES; i += 1) {
    const directory = path.join(origin, 'train', i % 2 === 0 ? 'cat' : 'dog');
    fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(path.join(directory, `${String(i)}.jpg`), Buffer.alloc(FILE_BYTES, i));
  }
  const mountpoint = await larder.up(`file://${origin}`, '--open-mode', 'passthrough');
  const args = ['-k', '1', '120', PYTHON ?? '', '-c', script, mountpoint, String(EPOCHS)];
  const { stdout } = await execute('timeout', args);
  const epochs = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { bytes: number });
  expect(epochs.map(({ bytes }) => bytes)).toEqual([FILES * FILE_BYTES, FILES * FILE_BYTES]);
  const plan = await eventually(async () => {
    const listed = await larder.ok(['plans', 'list', '--json']);
    const { plans } = JSON.parse(listed) as {
      plans: { workers: { state: string; samples: number }[] }[];
    };
    const worker = plans[0]?.workers[0];
    return worker?.state === 'preparing' || worker?.state === 'waiting' ? undefined : worker;
  });
  // With so few files a job may be over before its plan is ready.
  expect(plan.samples).toBe(FILES);
  expect(plan.state).not.toBe('dropped');
});
