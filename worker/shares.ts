/** How many of all objects a worker owns, by weight: 0 … 1. One that is no member serves whoever asks it. */
import type { Placement } from '../common/index.ts';

export function shareOf(placement: Placement | undefined, workerId: string): number {
  const members = placement?.members ?? [];
  const all = members.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
  const own = members.find((member) => member.workerId === workerId);
  return own === undefined || all === 0 ? 1 : own.weightBytes / all;
}
