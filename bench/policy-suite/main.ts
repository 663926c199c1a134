/**
 * `npm run bench -- policy`: what the policy promises of a cluster whose cache is half as large as its dataset,
 * measured on four workers on hosts of their own (network namespaces of this machine, see test/support/hosts).
 *
 * Nearly all of it are counts of bytes, which hold on any machine. A target that is missed ends the run with 1.
 */
import { HOSTS_MISSING } from '../../test/support/hosts.ts';
import { listed, runRows } from '../target-rows.ts';
import { HELP, parseOptions } from './options.ts';
import { POLICY_ROWS } from './rows/index.ts';

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else if (options.list) console.log(POLICY_ROWS.map(listed).join('\n'));
  else if (HOSTS_MISSING !== undefined)
    throw new Error(`no hosts can be had here: ${HOSTS_MISSING}`);
  else await runRows(POLICY_ROWS, options, { ...options, failOnMiss: true });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
