/** Opens files of the worker's directory for reading: what is not there, or not to be had, is undefined. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { systemCode } from '../common/index.ts';

/** The fd of a complete object, where there is a file of its size; the caller closes it. */
export function openWhole(path: string, sizeBytes: number): number | undefined {
  const fd = tryOpen(path);
  if (fd === undefined || fstatSync(fd).size === sizeBytes) return fd;
  closeSync(fd);
  return undefined;
}

export function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
