/**
 * `npm run bench -- page FILE …`: writes the tables of docs/PERFORMANCE.md from results
 * (`--json`): of each row what was measured last. A row that no file has is shown as not measured.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Results } from '../suite/results.ts';
import { ROWS } from '../suite/rows/index.ts';
import { renderSuite, splice } from './performance.ts';

/** From dist/bench/page. */
const PAGE = join(import.meta.dirname, '../../../docs/PERFORMANCE.md');

const files = process.argv.slice(2);
const results = await Promise.all(
  files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Results),
);
let page = await readFile(PAGE, 'utf8');
for (const suite of ['own', 'peers'] as const) {
  page = splice(page, suite, renderSuite(ROWS, suite, results));
}
const style = await resolveConfig(PAGE);
await writeFile(PAGE, await format(page, { ...style, filepath: PAGE }));
