import { expect, test } from 'vitest';
import type { Check, Subject } from '../../../../cli/doctor/check.ts';
import { ok } from '../../../../cli/doctor/check.ts';
import { runChecks } from '../../../../cli/doctor/run-checks.ts';
import { LarderError } from '../../../../common/index.ts';

const SUBJECT: Subject = {
  cacheDirectories: [],
  masters: [],
  sockets: [],
  endpoint: '',
  records: [],
  readTimeoutMs: 30_000,
  hungAfterMs: 10_000,
  searchPath: '',
  unknownVariables: [],
  fix: false,
};

const check = (name: string, run: Check['run']): Check => ({ name, timeoutMs: 50, run });

test('a check that throws, rejects or hangs is a finding, and the others are heard, in order', async () => {
  const findings = await runChecks(
    [
      check('throws', () => {
        throw new TypeError('a defect');
      }),
      check('rejects', () => Promise.reject(new LarderError('NO_WORKER'))),
      check('hangs', () => new Promise(() => undefined)),
      check('well', () => [ok('one'), ok('two')]),
    ],
    SUBJECT,
  );
  expect(findings).toEqual([
    {
      check: 'throws',
      level: 'problem',
      what: expect.stringContaining('a defect') as string,
      remedy: expect.stringContaining('report') as string,
    },
    {
      check: 'rejects',
      level: 'problem',
      what: expect.stringContaining('NO_WORKER') as string,
      remedy: expect.stringContaining('larder worker') as string,
    },
    {
      check: 'hangs',
      level: 'problem',
      what: expect.stringContaining('No answer within 0.05 s') as string,
      remedy: expect.any(String) as string,
    },
    { check: 'well', level: 'ok', what: 'one' },
    { check: 'well', level: 'ok', what: 'two' },
  ]);
});
