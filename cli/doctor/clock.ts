/** This machine's clock against those of the masters and of an S3 origin. */
import { asLarderError, parseOriginUrl, systemClock } from '../../common/index.ts';
import { note, ok, problem, warning } from './check.ts';
import type { Check, Observation, Subject } from './check.ts';
import { askMaster } from './cluster.ts';
import { originSettings } from './origin.ts';

const TOLERATED_S = 30;
/** S3 refuses signatures that are further away from its own clock than this. */
const S3_LIMIT_S = 15 * 60;
const SET = 'Set the clock: `timedatectl set-ntp true`, or chronyd.';

export const clock: Check = {
  name: 'clock',
  timeoutMs: 12_000,
  run: async (subject) => {
    const found = [...(await atMasters(subject)), ...(await atOrigin(subject))];
    return found.length > 0 ? found : [note('No other clock to compare with.')];
  },
};

async function atMasters({ masters }: Subject): Promise<Observation[]> {
  const answers = await Promise.allSettled(masters.map(askMaster));
  return answers.flatMap((answer, index) => {
    const aheadMs = answer.status === 'fulfilled' ? answer.value.aheadMs : undefined;
    if (aheadMs === undefined) return [];
    return [judgeSkew(`master ${masters[index] ?? ''}`, aheadMs / 1_000, Infinity)];
  });
}

async function atOrigin(subject: Subject): Promise<Observation[]> {
  if (subject.origin === undefined) return [];
  try {
    const url = parseOriginUrl(subject.origin);
    if (url.kind !== 's3') return [];
    // Loaded here: without an origin nobody waits for the AWS SDK.
    const { inspectEndpoint } = await import('../../worker/origins/index.ts');
    const { aheadMs } = await inspectEndpoint(url.bucket, originSettings(subject), systemClock);
    if (aheadMs === undefined) return [note('The origin does not say its time.')];
    return [judgeSkew('the origin', aheadMs / 1_000, S3_LIMIT_S)];
  } catch (error) {
    return [note(`The origin's clock cannot be asked: ${asLarderError(error).message}`)];
  }
}

/** @param aheadS how far the other's clock is ahead of this one */
export function judgeSkew(whose: string, aheadS: number, limitS: number): Observation {
  const s = Math.abs(aheadS);
  const shown = s < 2 ? 'within 2 s' : `${String(Math.round(s))} s`;
  const what =
    s < 2
      ? `This clock and that of ${whose} agree ${shown}.`
      : `This clock is ${shown} ${aheadS > 0 ? 'behind' : 'ahead of'} that of ${whose}.`;
  if (s >= limitS) {
    return problem(
      `${what} From 15 minutes on S3 refuses every request (RequestTimeTooSkewed).`,
      SET,
    );
  }
  return s <= TOLERATED_S ? ok(what) : warning(what, SET);
}
