/** The environment variables in the documentation and in error hints are those that are read. */
import { expect, it } from 'vitest';
import { SETTING_NAMES, SETTINGS } from '../../common/index.ts';
import { markdownFiles, readText } from './repository.ts';

/** What a process gives to those that it starts, and what hooks give to jobs: no settings. */
const INTERNAL = ['LARDER_GROUP', 'LARDER_PATH'];
const VARIABLE = /\bLARDER_[A-Z][A-Z_]*\b/g;
const KNOWN = new Set<string>([
  ...SETTING_NAMES.map((name) => SETTINGS[name].variable),
  ...(readText('cli/environment.ts').match(VARIABLE) ?? []),
]);

it('every LARDER_ variable in the documentation is a setting or read by cli/environment.ts', () => {
  const unknown = markdownFiles().flatMap((file) =>
    (readText(file).match(VARIABLE) ?? [])
      .filter((name) => !KNOWN.has(name) && !name.startsWith('LARDER_PATH'))
      .map((name) => `${file}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

it('every variable that is read is in docs/CLI.md', () => {
  const page = readText('docs/CLI.md');
  const missing = [...KNOWN].filter((name) => !page.includes(name) && !INTERNAL.includes(name));
  expect(missing, 'run `npm run docs:generate`').toEqual([]);
});
