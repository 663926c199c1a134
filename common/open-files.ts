/**
 * How a process divides the file descriptors that it may have. What is left out of the shares is for what
 * cannot be planned: an accept, a lookup, a directory that is listed.
 */

/** With fewer a process does not start. */
export const MIN_OPEN_FILES = 80;
/**
 * What a process has open besides what is shared out. Measured: a worker that serves a mount 53 (each of its
 * threads has 5), the server
 * of a mount 41 (with what it holds of objects), a master 30, a holder 25.
 */
const OWN_FILES = 56;

export interface OpenFilesShare {
  /** Of what may be shared out: 0 to 1. */
  readonly share: number;
  /** Also where that is more than the share. */
  readonly least: number;
  readonly most: number;
}

/** @param openFiles that the process may have in all */
export function shareOfOpenFiles(
  openFiles: number,
  { share, least, most }: OpenFilesShare,
): number {
  const shared = Math.floor(Math.max(0, openFiles - OWN_FILES) * share);
  return Math.min(most, Math.max(least, shared));
}
