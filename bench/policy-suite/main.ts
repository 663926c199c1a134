/**
 * `npm run bench -- policy`: what the policy promises of a cluster whose cache is half as large as its dataset,
 * measured on four workers on hosts of their own (network namespaces of this machine, see test/support/hosts).
 *
 * Nearly all of it are counts of bytes, which hold on any machine. A target that is missed ends the run with 1.
 */
import { POLICY_ROWS } from './rows/index.ts';
import { runSuite } from './run.ts';

await runSuite('policy', POLICY_ROWS);
