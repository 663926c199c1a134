/** `npm run sim` as a command: what it prints, and how it ends. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
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

test('a trace is replayed by the policies that need no plans', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-sim-'));
  const file = path.join(directory, 'reads.jsonl');
  const line = (block: number) => JSON.stringify({ t: 1, node: 'a', job: 'j', block });
  fs.writeFileSync(file, [line(1), line(2), line(1)].join('\n'));
  const { code, stdout } = await sim('--trace', file, '--cache', '1GiB', '--policy', 'all');
  const plans = await sim('--trace', file, '--cache', '1GiB', '--policy', 'belady');
  fs.rmSync(directory, { recursive: true });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^larder +33\.3 %/m);
  expect(stdout).toMatch(/^lru +33\.3 %/m);
  expect(stdout).not.toContain('belady');
  expect(plans).toMatchObject({ code: 2, stdout: '' });
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
