/**
 * Every promise of docs/SEMANTICS.md, and of the pages that have their own, names a test that exists, as does every threat
 * of docs/TESTING.md.
 *
 * A promise is an item of a numbered list. It names its tests as
 * `` `test/fuse/reads.test.ts` › `returns the bytes of the origin` ``, one or more, the title as it
 * stands in the file (of a test or of a suite).
 */
import { expect, it } from 'vitest';
import { SKIP_REASONS } from '../../common/index.ts';
import { exists, readText } from './repository.ts';

const PAGE = 'docs/SEMANTICS.md';
const PAGES = [
  ...[PAGE, 'docs/POLICY.md', 'docs/PRELOAD.md', 'docs/PLANS.md', 'docs/SPACE.md'],
  ...['docs/HTTP.md', 'docs/NODES.md', 'docs/guides/slurm.md'],
];
const REFERENCE = /`(test\/[^`]+\.ts)`\s*›\s*`([^`]+)`/g;
/** Stands in docs/TESTING.md for any test. */
const EXAMPLE = 'test/fuse/reads.test.ts';
const HOW = 'name one as `test/folder/file.test.ts` › `title of the test`';

it.each(PAGES)('every promise of %s names a test', (page) => {
  const promises = promisesOf(readText(page));
  expect(promises.length, `${page} has no numbered list of promises`).toBeGreaterThan(0);
  const untested = promises.filter((promise) => [...promise.matchAll(REFERENCE)].length === 0);
  expect(untested, HOW).toEqual([]);
});

it.each([...PAGES, 'docs/TESTING.md'])('every test that %s names exists', (page) => {
  const wrong = [...readText(page).matchAll(REFERENCE)]
    .filter(([, file = '']) => file !== EXAMPLE)
    .map(([, file = '', title = '']) => ({ file, title: title.replace(/\s+/g, ' ') }))
    .filter(({ file, title }) => !exists(file) || !titlesOf(file).has(title))
    .map(({ file, title }) => `${file} › ${title}${exists(file) ? '' : ' (no such file)'}`);
  expect(wrong, 'no test or suite of this title is in the file').toEqual([]);
});

it('every reason for leaving something out is explained in docs/SEMANTICS.md, and no other', () => {
  const rows = [...readText(PAGE).matchAll(/^\| `([a-z0-9-]+)` +\| (.*?) +\|$/gm)];
  expect(Object.fromEntries(rows.map(([, reason, what]) => [reason, what]))).toEqual(SKIP_REASONS);
});

it('recognises promises, references and titles', () => {
  const page = '# S\n\nText.\n\n1. One.\n   `test/a.ts` › `b`\n2. Two\n\n   more.\n\n## Next\n';
  expect(promisesOf(page)).toEqual(['1. One.\n   `test/a.ts` › `b`', '2. Two\n\n   more.']);
  expect(titlesOf('test/docs/semantics.test.ts')).toContain(
    'recognises promises, references and titles',
  );
});

/** The items of the numbered lists, each with the indented lines that belong to it. */
function promisesOf(page: string): string[] {
  return [...page.matchAll(/^\d+\. .*(?:\n(?:[ \t]+\S.*|(?=\n[ \t]+\S)))*/gm)].map(
    ([text]) => text,
  );
}

function titlesOf(file: string): Set<string> {
  const calls = /\b(?:it|test|describe)(?:\.\w+(?:\([^()]*\))?)*\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs;
  const titles = [...readText(file).matchAll(calls)].map(([, , title = '']) => title);
  return new Set(titles.map((title) => title.replace(/\\(['"`])/g, '$1')));
}
