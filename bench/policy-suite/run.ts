/** Runs the rows of `npm run bench -- policy`, or `-- plans`. */
import { HOSTS_MISSING } from '../../test/support/hosts.ts';
import { listed, runRows } from '../target-rows.ts';
import { helpOf, parseOptions } from './options.ts';
import type { PolicyRow } from './row.ts';

export async function runSuite(word: string, rows: readonly PolicyRow[]): Promise<void> {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options.help) console.log(helpOf(word));
    else if (options.list) console.log(rows.map(listed).join('\n'));
    else if (HOSTS_MISSING !== undefined)
      throw new Error(`no hosts can be had here: ${HOSTS_MISSING}`);
    else await runRows(rows, options, { ...options, failOnMiss: true });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
