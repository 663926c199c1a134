/**
 * `npm run bench -- plans`: what it brings to know in which order jobs will read, on the cluster of `-- policy`. A
 * target that is missed ends the run with 1.
 */
import { PLANS_ROWS } from './rows/plans.ts';
import { runSuite } from './run.ts';

await runSuite('plans', PLANS_ROWS);
