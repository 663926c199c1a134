/** docs/ERRORS.md is what the error table says. */
import { expect, it } from 'vitest';
import { ERRORS } from '../../common/index.ts';
import { renderErrorsPage } from './errors-page.ts';
import { readText } from './repository.ts';

it('docs/ERRORS.md is made from the error table as it is now', async () => {
  expect(readText('docs/ERRORS.md'), 'run `npm run docs:generate`').toBe(await renderErrorsPage());
});

it('every error code has its place in docs/ERRORS.md', () => {
  const page = readText('docs/ERRORS.md');
  const missing = Object.keys(ERRORS).filter((code) => !page.includes(`### ${code}\n`));
  expect(missing, 'run `npm run docs:generate`').toEqual([]);
});
