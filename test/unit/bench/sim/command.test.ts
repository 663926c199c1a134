/** `npm run sim` as a command: what it prints, and how it ends. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const MAIN = path.resolve(import.meta.dirname, '../../../../bench/sim/main.ts');

async function sim(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

test('a cluster is simulated with the policies that are named', async () => {
  const args = ['--nodes', '4', '--blocks', '2000', '--policy', 'larder,lru', '--json'];
  const { code, stdout } = await sim(...args, '--compute', '10', '--origin-bandwidth', '1GiB');
  expect(code).toBe(0);
  const results = JSON.parse(stdout) as { policy: string; hitRatio: number }[];
  expect(results.map(({ policy }) => policy)).toEqual(['larder', 'lru']);
  expect(results[0]?.hitRatio).toBeCloseTo(0.5, 1);
  expect(results[0]).toHaveProperty('epochSeconds');
  expect((await sim('--nodes', '4', '--blocks', '2000')).stdout).toMatch(/^larder +50\.\d %/m);
});

test('what cannot be used ends with 2, and one line', async () => {
  const { code, stderr, stdout } = await sim('--policy', 'random');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^--policy is one of larder, .*\n$/);
  const missing = await sim('--trace', 'no-such-trace.jsonl', '--cache', '1GiB');
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(/^ENOENT.*no-such-trace\.jsonl'\n$/);
  const blind = await sim('--trace', MAIN, '--cache', '1GiB');
  expect(blind.stderr).toMatch(/main\.ts:1: not JSON\n$/);
});
