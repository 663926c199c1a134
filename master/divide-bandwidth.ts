/**
 * Divides the bandwidth of an origin among those that want it. No clock and no state.
 *
 * Always true: the parts add up to the budget, or to less where all of it is reserved; nobody is given
 * less than a little, so that one that begins to read need not wait until it is asked again.
 */
export interface Claim {
  readonly workerId: string;
  /** What it read per second. */
  readonly bytesPerSecond: number;
  /** Its part held it back, at least for a moment: it wants more, nobody knows how much. */
  readonly waits: boolean;
}

/** What a worker that does not wait may read more than it did, before it is asked again. */
const GROWTH = 1.25;
/** What one that waits is given, times what it read: one that reads in bursts waits too, and leaves the most of it. */
const WAITING_GROWTH = 2;
/** Of an equal part, the least that one that waits is given: soon it has all of it. */
const WAITING_SHARE = 1 / 4;
/** Of the budget, for all that read nothing together: as much as is lost while others could use it. */
const IDLE_SHARE = 0.02;

/**
 * Whoever wants little has it; the others have the same, as much as is left. What nobody wants goes to all, more to
 * those that have more.
 *
 * @returns bytes per second by worker
 */
export function divideBandwidth(budget: number, claims: readonly Claim[]): Map<string, number> {
  const equal = budget / Math.max(1, claims.length);
  const wanted = claims
    .map(({ workerId, bytesPerSecond, waits }) => ({
      workerId,
      bytes: waits
        ? Math.max(equal * WAITING_SHARE, bytesPerSecond * WAITING_GROWTH)
        : Math.max(equal * IDLE_SHARE, bytesPerSecond * GROWTH),
    }))
    .sort((a, b) => a.bytes - b.bytes);
  const parts = new Map<string, number>();
  let left = budget;
  wanted.forEach(({ workerId, bytes }, i) => {
    const part = Math.min(bytes, left / (wanted.length - i));
    parts.set(workerId, part);
    left -= part;
  });
  const given = budget - left;
  for (const [workerId, part] of parts) parts.set(workerId, part + (left * part) / given);
  return parts;
}
