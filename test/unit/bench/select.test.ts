import { describe, expect, it } from 'vitest';
import { ROWS } from '../../../bench/suite/rows/index.ts';
import { parseOptions } from '../../../bench/suite/options.ts';
import { selectRows } from '../../../bench/suite/select.ts';
import { shuffled } from '../../../bench/suite/readers/files.ts';
import { aRow } from './rows.ts';

const rows = [
  aRow({ name: 'warm-1' }),
  aRow({ name: 'warm-16' }),
  aRow({ name: 'cold', contenders: { peers: ['larder'] } }),
];
const namesOf = (suite: 'own' | 'peers', only: string) =>
  selectRows(rows, suite, only).map(({ name }) => name);

describe('--only', () => {
  it('takes whole names and beginnings, in the order of the rows', () => {
    expect(namesOf('own', '')).toEqual(['warm-1', 'warm-16']);
    expect(namesOf('own', 'warm-16,warm-1')).toEqual(['warm-1', 'warm-16']);
    expect(namesOf('own', 'warm')).toEqual(['warm-1', 'warm-16']);
    expect(namesOf('own', 'warm-1')).toEqual(['warm-1']);
  });

  it('says which rows there are when there is no such row in the suite', () => {
    expect(() => namesOf('own', 'cold')).toThrow('no row cold; there are: warm-1, warm-16');
    expect(namesOf('peers', 'cold')).toEqual(['cold']);
  });
});

describe('the rows', () => {
  it('have names of their own', () => {
    const names = ROWS.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('name in each target only contenders that take part', () => {
    const strangers = ROWS.flatMap(({ name, contenders, targets }) =>
      targets.flatMap((target) => {
        const named = [...target.of, ...('than' in target ? target.than : [])];
        const present = contenders[target.suite] ?? [];
        return named.filter((one) => !present.includes(one)).map((one) => `${name}: ${one}`);
      }),
    );
    expect(strangers).toEqual([]);
  });

  it('are measured against the native files wherever there are such', () => {
    const without = ROWS.filter(({ contenders: { own } }) => own?.includes('native') === false);
    expect(without.map(({ name }) => name)).toEqual([
      'cold-limited',
      'files-three-passes',
      'memory-1m',
      'memory-1m-growth',
    ]);
  });
});

it('options are checked, and a profile is one round', () => {
  expect(parseOptions(['--size=4MiB', '--files', '7'])).toMatchObject({
    bigBytes: 4 * 1024 * 1024,
    smallFiles: 7,
    rounds: 3,
  });
  expect(parseOptions(['--profile', 'warm-mmap', '--rounds', '5']).rounds).toBe(1);
  expect(() => parseOptions(['--rounds', '0'])).toThrow('--rounds is a whole number from 1');
});

it('a shuffled list has every file once, in the same order each time', () => {
  const files = Array.from({ length: 100 }, (_, index) => index);
  const order = shuffled(files);
  expect(order).not.toEqual(files);
  expect(shuffled(files)).toEqual(order);
  expect(order.toSorted((a, b) => a - b)).toEqual(files);
});
