/**
 * A vitest reporter that says of each skipped test why: the note of `context.skip(note)`, else the
 * title of what `skipIf` left out, once for a whole suite.
 */
import { relative } from 'node:path';

// eslint-disable-next-line no-restricted-syntax -- vitest loads a reporter by its default export
export default class SkippedReporter {
  onTestRunEnd(testModules) {
    const reasons = new Map();
    for (const testModule of testModules) {
      const path = relative(process.cwd(), testModule.moduleId);
      for (const test of testModule.children.allTests('skipped')) {
        const reason = test.result().note ?? `its condition does not hold here: ${leftOut(test)}`;
        const line = `${path}: ${reason}`;
        reasons.set(line, (reasons.get(line) ?? 0) + 1);
      }
    }
    if (reasons.size === 0) return;
    console.log('\nSkipped:');
    for (const [line, count] of reasons) console.log(`  ${count} × ${line}`);
  }
}

function leftOut({ parent, fullName }) {
  const wholeSuite =
    parent.type === 'suite' && parent.options.mode === 'skip' && parent.children.size > 1;
  return wholeSuite ? parent.fullName : fullName;
}
