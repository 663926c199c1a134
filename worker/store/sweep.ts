/**
 * After a start, in the background: takes away working files that no record names (a process was
 * killed between making one and recording its first block), and checks what an unclean stop of the
 * machine left in `suspect/`, so that it can be opened by path again. Nobody waits for it.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { parseGrowingName, systemCode } from '../../common/index.ts';
import type { CacheDirectory } from './cache-directory.ts';
import type { StoredObject } from './stored-object.ts';

export interface SweepOptions {
  readonly directory: CacheDirectory;
  readonly firstIncarnation: number;
  readonly find: (objectId: string) => StoredObject | undefined;
  readonly check: (object: StoredObject) => Promise<void>;
  readonly signal: AbortSignal;
}

export async function sweepStrays(options: SweepOptions): Promise<void> {
  await sweepGrowing(options);
  for (const generation of await names(options.directory.suspectDirectory())) {
    await sweepSuspect(options, Number(generation));
  }
}

async function sweepGrowing(options: SweepOptions): Promise<void> {
  const { directory, firstIncarnation, find, signal } = options;
  for await (const { name } of await fs.promises.opendir(directory.growingDirectory)) {
    if (signal.aborted) return;
    const parsed = parseGrowingName(name);
    if (parsed !== undefined) {
      const { objectId, incarnation } = parsed;
      if (incarnation >= firstIncarnation) continue;
      if (find(objectId)?.record.incarnation === incarnation) continue;
    }
    await fs.promises.rm(join(directory.growingDirectory, name), { force: true });
  }
}

async function sweepSuspect(options: SweepOptions, generation: number): Promise<void> {
  const { directory, find, check, signal } = options;
  const top = directory.suspectDirectory(generation);
  for (const first of await names(top)) {
    for (const second of await names(join(top, first))) {
      for (const objectId of await names(join(top, first, second))) {
        if (signal.aborted) return;
        const object = find(objectId);
        if (object?.state === 'suspect' && object.record.generation + 1 === generation) {
          await check(object);
        } else {
          await fs.promises.rm(join(top, first, second, objectId), { force: true });
        }
      }
    }
  }
  // Only when everything left it: whatever could not be moved stays for the next sweep.
  await removeEmpty(top);
}

async function removeEmpty(path: string): Promise<void> {
  for (const name of await names(path)) await removeEmpty(join(path, name));
  try {
    await fs.promises.rmdir(path);
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOTDIR', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
  }
}

async function names(path: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}
