/**
 * The ways in which files are opened, as words that the state, the attribute `user.larder.mode` and
 * `larder status` share.
 *
 * A mount has one open mode, decided once in its life; in passthrough mode each open file has an
 * outcome of its own, from the first open to the last close.
 */

/**
 * - `daemon`: each open is counted, each read is answered by the server
 * - `passthrough`: the kernel reads complete objects itself; others are served as in `daemon`
 * - `none`: the kernel is told once that opens need no server; nothing is known of what is open
 */
export type OpenMode = 'daemon' | 'passthrough' | 'none';

/** What is asked for; `auto` looks at the sizes of the files. */
export type OpenModeChoice = OpenMode | 'auto';

/** `strict`: every byte comes through the worker's socket, which checks it; no file is read directly. */
export type Integrity = 'standard' | 'strict';

/**
 * How one open ended: `passthrough`, or why the file is in daemon mode.
 *
 * Their places are kept in the mount's state: a change of them changes its FORMAT_VERSION.
 * - `asked`: the mount's mode is `daemon`
 * - `strict`: `--integrity=strict`
 * - `kernel`: the kernel has no passthrough
 * - `remote`: the worker's directory may not be read, or there is no worker on this node
 * - `incomplete`: the object is not complete on this node, or still growing
 * - `kept`: it has been open since it was incomplete
 * - `privilege`: the server has no CAP_SYS_ADMIN
 * - `stacked`: the cache lies on a stacked file system
 * - `refused`: the kernel did not take the file, for whatever other reason
 * - `overflow`: too many files are open to note the mode of this one
 * - `manifest`: a page of the manifest had to be fetched first
 * - `empty`: the file has no bytes
 */
export const OPEN_OUTCOMES = [
  'passthrough',
  'asked',
  'strict',
  'kernel',
  'remote',
  'incomplete',
  'kept',
  'privilege',
  'stacked',
  'refused',
  'overflow',
  'manifest',
  'empty',
] as const;
export type OpenOutcome = (typeof OPEN_OUTCOMES)[number];

/** Opens of a mount so far, by outcome. */
export type OpenCounts = Readonly<Partial<Record<OpenOutcome, number>>>;

/**
 * Why a mount has its mode.
 *
 * - `asked`: it was named
 * - `small-files`: most files are small
 * - `large-files`: they are not
 */
export const MODE_REASONS = ['asked', 'small-files', 'large-files'] as const;
export type ModeReason = (typeof MODE_REASONS)[number];

export interface ModeDecision {
  readonly mode: OpenMode;
  readonly why: ModeReason;
  /** Files that were looked at, and how many of them were small; 0 where none was. */
  readonly sampledFiles: number;
  readonly smallFiles: number;
}

/** The value of `user.larder.mode`: the mode first, why it is not passthrough in parentheses. */
export function describeOutcome(outcome: OpenOutcome): string {
  return outcome === 'passthrough' ? outcome : `daemon (${outcome})`;
}
