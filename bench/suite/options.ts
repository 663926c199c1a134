/** The command line of `npm run bench` and `npm run bench -- peers`. */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { parseSize } from '../../common/index.ts';

export interface SuiteOptions {
  readonly help: boolean;
  readonly list: boolean;
  readonly only: string;
  readonly rounds: number;
  /** After that the rows that are left are sampled once. */
  readonly minutes: number;
  readonly bigBytes: number;
  readonly smallFiles: number;
  readonly scratch: string;
  readonly json: string | undefined;
  readonly profile: string | undefined;
  readonly profileDirectory: string;
}

export const HELP = `npm run bench -- [peers] [options]
  --list           the rows, and who takes part
  --only ROW,…     rows by name, or by how their names begin: cold, warm-files (all)
  --rounds N       samples of a row; twice as many of short ones against native (3)
  --minutes N      after so many the rows that are left have one sample each, to end in time (10)
  --size SIZE      of the large file (1GiB)
  --files N        of 100 KB (4000)
  --scratch DIR    on the disk that holds origin and caches (the system's temporary directory)
  --json FILE      the samples; \`npm run bench -- page FILE …\` brings them into docs/PERFORMANCE.md
  --profile ROW    that row alone, once, with CPU profiles of Larder's processes
  --profile-dir DIR  for those (bench-profiles)`;

export function parseOptions(args: readonly string[]): SuiteOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string', default: '3' },
      minutes: { type: 'string', default: '10' },
      size: { type: 'string', default: '1GiB' },
      files: { type: 'string', default: '4000' },
      scratch: { type: 'string', default: tmpdir() },
      json: { type: 'string' },
      profile: { type: 'string' },
      'profile-dir': { type: 'string', default: 'bench-profiles' },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, list, only, scratch, json, profile } = values;
  return {
    ...{ help, list, only, scratch, json, profile },
    rounds: profile === undefined ? wholeNumber(values.rounds, '--rounds') : 1,
    minutes: wholeNumber(values.minutes, '--minutes'),
    bigBytes: parseSize(values.size),
    smallFiles: wholeNumber(values.files, '--files'),
    profileDirectory: values['profile-dir'],
  };
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${option} is a whole number from 1`);
}
