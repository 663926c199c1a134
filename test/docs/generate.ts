/** `npm run docs:generate`: writes the pages of docs/ that are made from code. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderErrorsPage } from './errors-page.ts';

const docs = join(import.meta.dirname, '../../docs');
await writeFile(join(docs, 'ERRORS.md'), await renderErrorsPage());
