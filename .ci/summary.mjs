/**
 * Turns vitest's JSON reports, all `vitest-*.json` of a folder, into the last line of .ci/run: `N passed, N failed, N skipped`.
 *
 * A test file that could not be loaded has no tests and counts as one failure, as does a step that
 * failed (`--failed-step=NAME`), unless that step ran tests whose failures are counted already.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...options] = process.argv.slice(2);
const failedSteps = options.map((option) => option.replace('--failed-step=', ''));

const reports = readdirSync(folder).filter((name) => /^vitest-.*\.json$/.test(name));
const counts = countTests(reports.flatMap((name) => readReport(join(folder, name)).testResults));
const ranTests = (name) => name === 'check' || name === 'test';
const uncounted = failedSteps.filter((name) => !ranTests(name) || counts.failed === 0);
for (const name of uncounted) console.log(`FAILED step: ${name}`);
counts.failed += uncounted.length;

console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { testResults: [] };
  }
}

function countTests(testResults) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of testResults) {
    const statuses = file.assertionResults.map((test) => test.status);
    counts.passed += statuses.filter((status) => status === 'passed').length;
    const failed = statuses.filter((status) => status === 'failed').length;
    counts.skipped += statuses.filter(
      (status) => status !== 'passed' && status !== 'failed',
    ).length;
    counts.failed += file.status === 'failed' ? Math.max(failed, 1) : failed;
  }
  return counts;
}
