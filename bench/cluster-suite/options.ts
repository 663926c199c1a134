/** The command line of `npm run bench -- cluster`. */
import { parseArgs } from 'node:util';
import { parseSize } from '../../common/index.ts';

export interface SuiteOptions {
  readonly help: boolean;
  readonly list: boolean;
  readonly only: string;
  readonly json: string | undefined;
  readonly fileBytes: number;
  readonly linkMbit: number;
  readonly streamSeconds: number;
  readonly awaySeconds: number;
}

export const HELP = `npm run bench -- cluster [options]
  --list           the rows
  --only ROW,…     rows by name, or by how their names begin (all)
  --size SIZE      of the file that everybody wants (256MiB)
  --link MBIT      of every link of those rows (100)
  --stream S       seconds of each stream (5)
  --away S         seconds for which the master is away (60)
  --json FILE      what was measured
Needs root: hosts are network namespaces.`;

export function parseOptions(args: readonly string[]): SuiteOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      size: { type: 'string', default: '256MiB' },
      link: { type: 'string', default: '100' },
      stream: { type: 'string', default: '5' },
      away: { type: 'string', default: '60' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, list, only, json } = values;
  return {
    ...{ help, list, only, json },
    fileBytes: parseSize(values.size),
    linkMbit: positive(values.link, '--link'),
    streamSeconds: positive(values.stream, '--stream'),
    awaySeconds: positive(values.away, '--away'),
  };
}

function positive(text: string, option: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${option} is a whole number from 1`);
}
