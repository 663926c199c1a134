/**
 * docs/ERRORS.md, made from the error table and the maps at the borders. Edited nowhere by hand:
 * `npm run docs:generate` writes it, and errors.test.ts compares.
 */
import { constants } from 'node:os';
import { status } from '@grpc/grpc-js';
import { format } from 'prettier';
import { ERRNO, ERRORS, EXIT_CODE } from '../../common/index.ts';
import type { ErrorCode, ErrorSpec, Remedy } from '../../common/index.ts';
import { GRPC_STATUS } from '../../rpc/grpc/index.ts';
import { table } from './markdown-table.ts';

const REMEDIES: Record<Remedy, string> = {
  'retry-same': 'The same request can succeed later.',
  'retry-elsewhere': 'Another worker may answer it; Larder tries that by itself.',
  'fix-request': 'It fails again until the request is another one.',
  'fix-cluster': 'Somebody has to repair or start something.',
};

const INTRODUCTION = `# Errors

<!-- Made by \`npm run docs:generate\` from common/errors.ts; do not edit. -->

Every failure that Larder expects has a permanent code. The same code is in the message
(\`[CODE] …\`), in the log, in \`--json\` output and in the \`LarderError\` of the SDK. In a mount a failure
is an errno.`;

export async function renderErrorsPage(): Promise<string> {
  const codes = Object.entries(ERRORS) as [ErrorCode, ErrorSpec][];
  const page = [
    INTRODUCTION,
    '## What can be done',
    table(['remedy', 'meaning'], Object.entries(REMEDIES)),
    '## Codes',
    ...codes.flatMap(([code, spec]) => [`### ${code}`, spec.summary, spec.hint, facts(code, spec)]),
  ].join('\n\n');
  return format(page, { parser: 'markdown', printWidth: 100 });
}

function facts(code: ErrorCode, { remedy }: ErrorSpec): string {
  return [
    `errno ${errnoName(ERRNO[code])}`,
    `gRPC ${status[GRPC_STATUS[code]]}`,
    `exit code ${EXIT_CODE[code]}`,
    remedy,
  ].join(' · ');
}

function errnoName(value: number): string {
  const found = Object.entries(constants.errno).find(([, number]) => number === value);
  if (found === undefined) throw new Error(`no errno has the number ${value}`);
  return found[0];
}
