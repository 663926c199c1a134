/**
 * Opens files of the worker's disks for reading: what is not there, or not to be had, is undefined.
 *
 * An object is looked for on the disk that it belongs on, and then on the others: it stays where it is when a
 * disk is added.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { completePath, diskOrder, systemCode } from '../common/index.ts';
import type { CompleteDirectory } from '../common/index.ts';
import { growingPath } from './held-files.ts';

/** The fd of a complete object, where there is a file of its size; the caller closes it. */
export function openWhole(
  directories: readonly CompleteDirectory[],
  objectId: string,
  sizeBytes: number,
): number | undefined {
  for (const { path } of diskOrder(objectId, directories)) {
    const fd = tryOpen(completePath(path, objectId));
    if (fd === undefined) continue;
    if (fstatSync(fd).size === sizeBytes) return fd;
    closeSync(fd);
  }
  return undefined;
}

/** The fd of the growing file of an incarnation; the caller closes it. */
export function openGrowing(
  directories: readonly CompleteDirectory[],
  objectId: string,
  incarnation: number,
): number | undefined {
  for (const { path } of diskOrder(objectId, directories)) {
    const fd = tryOpen(growingPath(path, objectId, incarnation));
    if (fd !== undefined) return fd;
  }
  return undefined;
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
