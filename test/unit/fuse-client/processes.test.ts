import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { hasNoThreads } from '../../../fuse-client/processes.ts';

test('a process has threads until all of them have ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const { pid = 0 } = child;
  expect(hasNoThreads(pid)).toBe(false);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  expect(hasNoThreads(pid)).toBe(true);
  expect(hasNoThreads(process.pid)).toBe(false);
});
