/**
 * `npm run bench -- cluster`: the targets of a cluster, each measured with real processes on hosts of its
 * own (network namespaces of this machine, see test/support/hosts).
 *
 * All hosts share the cores of this machine: what is bound by CPU time says so, and counts of bytes hold
 * anywhere.
 */
import { HOSTS_MISSING } from '../../test/support/hosts.ts';
import { listed, runRows } from '../target-rows.ts';
import { HELP, parseOptions } from './options.ts';
import { CLUSTER_ROWS } from './rows/index.ts';

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else if (options.list) console.log(CLUSTER_ROWS.map(listed).join('\n'));
  else if (HOSTS_MISSING !== undefined)
    throw new Error(`no hosts can be had here: ${HOSTS_MISSING}`);
  else await runRows(CLUSTER_ROWS, options, { ...options, failOnMiss: false });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
