/** The environment variables in the documentation and in error hints are those that are read. */
import { expect, it } from 'vitest';
import { markdownFiles, readText } from './repository.ts';

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
  expect([...names].filter((name) => !page.includes(name))).toEqual([]);
});
