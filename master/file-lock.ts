/**
 * A lock on a file that the kernel lets go of when its process ends, however it ends.
 *
 * Node has no flock(2), and a file with a process id in it lies after a crash.
 */
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Returns how to let go, or undefined where another process (or this one) has it. */
export function lockFile(path: string): (() => void) | undefined {
  const libc = koffi.load(null);
  const flock = libc.func('int flock(int fd, int operation)') as (
    fd: number,
    operation: number,
  ) => number;
  const fd = openSync(path, 'a', 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(fd);
    return undefined;
  }
  return () => {
    closeSync(fd);
  };
}
