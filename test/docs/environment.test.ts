/** The environment variables in the documentation and in error hints are those that are read. */
import { expect, it } from 'vitest';
import { markdownFiles, readText } from './repository.ts';

/** What a process gives to those that it starts; not for people. */
const INTERNAL = ['LARDER_GROUP'];
const VARIABLE = /\bLARDER_[A-Z][A-Z_]*\b/g;

it('every LARDER_ variable in the documentation is read by cli/environment.ts', () => {
  const read = new Set(readText('cli/environment.ts').match(VARIABLE));
  const unknown = markdownFiles().flatMap((file) =>
    (readText(file).match(VARIABLE) ?? [])
      .filter((name) => !read.has(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

it('every variable that cli/environment.ts reads is in docs/CLI.md', () => {
  const page = readText('docs/CLI.md');
  const names = new Set(readText('cli/environment.ts').match(VARIABLE));
  expect(names.size).toBeGreaterThan(0);
  const missing = [...names].filter((name) => !page.includes(name) && !INTERNAL.includes(name));
  const how = 'give it a comment /** `NAME`: meaning. */ there, and run `npm run docs:generate`';
  expect(missing, how).toEqual([]);
});
