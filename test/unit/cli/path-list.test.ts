import { expect, test } from 'vitest';
import { parsePathList } from '../../../cli/path-list.ts';

const parse = (text: string) => parsePathList('list', Buffer.from(text, 'latin1'));

test('a path on each line, as bytes; empty lines and a missing last newline do not matter', () => {
  expect(parse('a/b\n\n\xff c\n#d')).toEqual([
    Buffer.from('a/b'),
    Buffer.of(0xff, 0x20, 0x63),
    Buffer.from('#d'),
  ]);
});

test.each([
  ['a\n\nb\0c\n', 3, /zero byte/],
  ['a\r\n', 1, /carriage return/],
  [`a\nb\n${'x'.repeat(4097)}`, 3, /longer than 4096/],
  ['a\nb/../c', 2, /\.\./],
])('%j: line %i is named', (text, line, problem) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      facts: { list: 'list', line, problem: expect.stringMatching(problem) as string },
    }),
  );
});

test('a list without a path is refused', () => {
  for (const text of ['', '\n\n']) expect(() => parse(text)).toThrow(/a path on each line/);
});
