import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPattern, PathPattern } from '../../../master/path-pattern.ts';

const matches = (pattern: string, key: string) =>
  new PathPattern(Buffer.from(pattern)).matches(Buffer.from(key));

test.each([
  ['*', 'a/b/c', true],
  ['*.tar', 'x.tar', true],
  ['*.tar', 'd/x.tar', false],
  ['**/*.tar', 'x.tar', true],
  ['**/*.tar', 'd/e/x.tar', true],
  ['d/**', 'd/e/x', true],
  ['d/**', 'e/d/x', false],
  ['d/**/x', 'd/x', true],
  ['d/**/x', 'd/e/f/x', true],
  ['d/**/x', 'd/e/f/y', false],
  ['train/n0*', 'train/n01/a.jpg', true],
  ['train/n0*', 'train/n11/a.jpg', false],
  ['?/x', 'ü/x', true],
  ['?/x', 'ab/x', false],
  ['[a-c]/x', 'b/x', true],
  ['[a-c]/x', 'd/x', false],
  ['[!a-c]/x', 'd/x', true],
  ['[!a-c]/x', 'a/x', false],
  ['[]a]', ']', true],
  ['[a-]', '-', true],
  ['[a', '[a', true],
  ['a*b*c', 'aXbYbZc', true],
  ['a*b*c', 'aXcYb', false],
  ['/d//*/', 'd/x', true],
])('%s and %s: %s', (pattern, key, expected) => {
  expect(matches(pattern, key)).toBe(expected);
});

test('one that has no magic is no pattern, and the base is what comes before it', () => {
  expect(isPattern(Buffer.from('a/b.c{d}'))).toBe(false);
  for (const magic of ['a*', 'a?', '[a]']) expect(isPattern(Buffer.from(magic))).toBe(true);
  expect(new PathPattern(Buffer.from('/a/b/c*/d')).base.toString()).toBe('a/b');
  expect(new PathPattern(Buffer.from('*/d')).base.toString()).toBe('');
});

test('names match as a regular expression says', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1 });
  fc.assert(
    fc.property(letters, name, (pattern, key) => {
      fc.pre(pattern !== '**');
      const regex = pattern.replaceAll('?', '.').replaceAll(/\*+/g, '.*');
      expect(matches(pattern, key)).toBe(new RegExp(`^${regex}$`).test(key));
    }),
  );
});

test('a pattern that makes other matchers go back and back comes to an end', () => {
  const key = `${'a'.repeat(250)}/`.repeat(8);
  expect(matches(`**/${'a*'.repeat(100)}b`, key)).toBe(false);
});
