/** A row for tests of what follows from rows. */
import type { Row } from '../../../bench/suite/row.ts';

export function aRow(row: Partial<Row> = {}): Row {
  return {
    name: 'a-row',
    title: 'a row',
    unit: 'files/s',
    contenders: { own: ['native', 'larder none'] },
    before: 'nothing dropped',
    reader: 'fio',
    samples: 'few',
    targets: [],
    bound: '',
    sample: () => Promise.resolve(1),
    ...row,
  };
}
