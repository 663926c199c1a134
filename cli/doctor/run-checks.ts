/**
 * Runs all checks at once, each with its deadline.
 *
 * Always true: a check that throws, hangs or dies is a finding like any other, and the rest is heard.
 */
import { asLarderError, systemClock } from '../../common/index.ts';
import type { Check, Finding, Observation, Subject } from './check.ts';
import { problem } from './check.ts';
import { checkInChild, HUNG } from './isolated.ts';

/** In the order of the table. */
export async function runChecks(
  checks: readonly Check[],
  subject: Subject,
): Promise<readonly Finding[]> {
  const results = await Promise.all(
    checks.map(async (check) => {
      const observations = await runCheck(check, subject);
      return observations.map((observation) => ({ check: check.name, ...observation }));
    }),
  );
  return results.flat();
}

async function runCheck(check: Check, subject: Subject): Promise<readonly Observation[]> {
  try {
    const result =
      check.isolated === true
        ? await checkInChild(check.name, subject, check.timeoutMs)
        : await withDeadline(check, subject);
    return result === HUNG ? [hung(check)] : result;
  } catch (error) {
    const { message, code, hint } = asLarderError(error);
    const remedy = code === 'INTERNAL' ? 'Please report it; the other findings hold.' : hint;
    return [problem(`The check itself failed: ${message}`, remedy)];
  }
}

async function withDeadline(
  check: Check,
  subject: Subject,
): Promise<readonly Observation[] | typeof HUNG> {
  let cancel: () => void = () => undefined;
  const deadline = new Promise<typeof HUNG>((resolve) => {
    cancel = systemClock.schedule(check.timeoutMs, () => {
      resolve(HUNG);
    });
  });
  try {
    return await Promise.race([(async () => check.run(subject))(), deadline]);
  } finally {
    cancel();
  }
}

function hung({ timeoutMs }: Check): Observation {
  return problem(
    `No answer within ${String(timeoutMs / 1_000)} s: what it looks at hangs.`,
    'Look for a hung network file system, disk or mount (`ps` shows processes in state D).',
  );
}
