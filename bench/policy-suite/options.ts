/** The command line of `npm run bench -- policy`, and `-- plans`. */
import { parseArgs } from 'node:util';
import { parseSize } from '../../common/index.ts';

export interface SuiteOptions {
  readonly help: boolean;
  readonly list: boolean;
  readonly only: string;
  readonly json: string | undefined;
  readonly datasetBytes: number;
  readonly epochSeconds: number;
}

export function helpOf(word: string): string {
  return `npm run bench -- ${word} [options]
  --list           the rows
  --only ROW,…     rows by name, or by how their names begin (all)
  --size SIZE      of the dataset (192MiB); half of it fits into the kept regions
  --epoch S        seconds that the computing of one epoch takes, in the rows that have a time (20)
  --json FILE      what was measured
Needs root: hosts are network namespaces. Ends with 1 where a target is missed.`;
}

export function parseOptions(args: readonly string[]): SuiteOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      size: { type: 'string', default: '192MiB' },
      epoch: { type: 'string', default: '20' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, list, only, json } = values;
  const epochSeconds = Number(values.epoch);
  if (!(epochSeconds >= 1)) throw new Error('--epoch is a number of seconds, from 1');
  return { ...{ help, list, only, json }, datasetBytes: parseSize(values.size), epochSeconds };
}
