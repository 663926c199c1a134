/** `npm run docs:generate`: writes the pages of docs/ that are made from code. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderCommandLinePage } from './cli-page.ts';
import { renderConfigPage } from './config-page.ts';
import { renderErrorsPage } from './errors-page.ts';
import { renderMetricsPage } from './metrics-page.ts';

const docs = join(import.meta.dirname, '../../docs');
await writeFile(join(docs, 'ERRORS.md'), await renderErrorsPage());
await writeFile(join(docs, 'CLI.md'), await renderCommandLinePage());
await writeFile(join(docs, 'CONFIG.md'), await renderConfigPage());
await writeFile(join(docs, 'METRICS.md'), await renderMetricsPage());
