/** Disk space for a file before it is needed, so that others cannot take it. Node has no fallocate(2). */
import koffi from 'koffi';

const FALLOC_FL_KEEP_SIZE = 1;

const fallocate = koffi.load(null).func('int fallocate(int, int, int64_t, int64_t)') as (
  fd: number,
  mode: number,
  offset: number,
  length: number,
) => number;

/** The file keeps its size. @returns false where there is no space, or the file system cannot do it */
export function reserveSpace(fd: number, offset: number, length: number): boolean {
  return fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length) === 0;
}
