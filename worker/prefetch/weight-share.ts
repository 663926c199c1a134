/** The part of all that one worker owns, and may use. */
import type { Placement } from '../../common/index.ts';

/** By weight, 0 … 1; all of it where this worker is not known to be one of several. */
export function weightShare(placement: Placement | undefined, workerId: string): number {
  const members = placement?.members ?? [];
  const all = members.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
  const own = members.find((member) => member.workerId === workerId);
  return own === undefined || all === 0 ? 1 : own.weightBytes / all;
}
