import path from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * What the processes that tests start have compiled is kept: they are many, and most of a start is the compiler's. The
 * 27 tests of `cli-errors` took 33 s of CPU time without it, 20 with it.
 */
const COMPILED = path.resolve('node_modules/.cache/tests');

/** Of `.ci/run`: where each test run leaves what came out, to be counted together. */
// eslint-disable-next-line no-restricted-properties -- no part of the product
const reports = process.env['TEST_REPORTS'];
const reporters =
  reports === undefined
    ? ['default']
    : ['default', './.ci/skipped-reporter.mjs', ['json', { outputFile: reportFile(reports) }]];

function reportFile(folder: string): string {
  return path.join(folder, `vitest-${String(process.pid)}.json`);
}

/**
 * One project per kind of test, so that `vitest run --project unit` is the quick loop.
 *
 * A test that asserts nothing fails. The assertions of node:assert are not counted: use `expect`.
 */
const project = (name: string, folders: string[], testTimeout: number) => ({
  test: {
    name,
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    testTimeout,
    hookTimeout: testTimeout,
    pool: 'forks' as const,
    env: { NODE_COMPILE_CACHE: COMPILED },
    expect: { requireAssertions: true },
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: reporters as ['default'],
    projects: [
      project('unit', ['unit', 'golden', 'model'], 30_000),
      project('docs', ['docs'], 30_000),
      project('contract', ['contract'], 120_000),
      project('integration', ['integration'], 180_000),
      project('fuse', ['fuse'], 180_000),
      project('bounds', ['bounds'], 60_000),
      project('cluster', ['cluster'], 120_000),
      project('long', ['long'], 900_000),
    ],
  },
});
