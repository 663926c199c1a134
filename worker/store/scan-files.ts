/** Compares an object's file with its record: is it there, how long is it, and are its bytes those that were written. */
import { crc32 } from '@node-rs/crc32';
import * as fs from 'node:fs';
import { CHUNK_BYTES, systemCode } from '../../common/index.ts';
import type { CacheDirectory } from './cache-directory.ts';
import { SEGMENT_BLOCKS, segmentChunks } from './record.ts';
import type { ObjectRecord, Segment } from './record.ts';

export interface BlockRun {
  readonly first: number;
  readonly count: number;
}

export interface ScannedFile {
  readonly objectId: string;
  readonly record: ObjectRecord;
  /** Blocks that are held, in order. */
  readonly runs: readonly BlockRun[];
  segment(index: number, chunks: number): Segment | undefined;
}

export interface FileProblem {
  readonly kind: 'file-missing' | 'file-size' | 'file-damaged' | 'file-unreadable';
  readonly detail: string;
}

export interface FileCheck {
  readonly problem: FileProblem | undefined;
  /** On disk. */
  readonly sizeBytes: number;
  /** Read and compared. */
  readonly readBytes: number;
}

const { O_NOFOLLOW, O_RDONLY } = fs.constants;

export async function checkFile(
  directory: CacheDirectory,
  file: ScannedFile,
  options: { readonly checksums: boolean; readonly signal: AbortSignal },
): Promise<FileCheck> {
  try {
    const found = await locate(places(directory, file));
    if (found === undefined) return failed('file-missing', 'no file of that name');
    if (!found.stats.isFile()) return failed('file-unreadable', 'not a file');
    const { size } = found.stats;
    const { sizeBytes, complete } = file.record;
    const leastBytes = complete ? sizeBytes : endOf(file);
    if (complete ? size !== sizeBytes : size < leastBytes || size > sizeBytes) {
      const detail = `${String(size)} bytes, ${complete ? '' : 'at least '}${String(leastBytes)} expected`;
      return { ...failed('file-size', detail), sizeBytes: size };
    }
    if (!options.checksums) return { problem: undefined, sizeBytes: size, readBytes: 0 };
    const handle = await fs.promises.open(found.path, O_RDONLY | O_NOFOLLOW);
    try {
      return { ...(await compare(handle, file, options.signal)), sizeBytes: size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return failed('file-unreadable', systemCode(error) ?? '');
  }
}

async function locate(
  paths: readonly string[],
): Promise<{ path: string; stats: fs.Stats } | undefined> {
  for (const path of paths) {
    try {
      return { path, stats: await fs.promises.lstat(path) };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** Where a process may have left the file: see `ObjectFiles`. */
function places(directory: CacheDirectory, { objectId, record }: ScannedFile): string[] {
  const growing = directory.growingPath(objectId, record.incarnation);
  if (!record.complete) return [growing];
  const suspect = directory.suspectPath(objectId, record.generation + 1);
  return [directory.completePath(objectId), suspect, growing];
}

function endOf({ runs, record }: ScannedFile): number {
  const last = runs.at(-1);
  if (last === undefined) return 0;
  return Math.min(record.sizeBytes, (last.first + last.count) * record.blockSizeBytes);
}

async function compare(
  handle: fs.promises.FileHandle,
  file: ScannedFile,
  signal: AbortSignal,
): Promise<Pick<FileCheck, 'problem' | 'readBytes'>> {
  const { record, runs } = file;
  const { sizeBytes, blockSizeBytes } = record;
  const perBlock = blockSizeBytes / CHUNK_BYTES;
  const bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let readBytes = 0;
  for (const { first, count } of runs) {
    const end = Math.min((first + count) * perBlock, Math.ceil(sizeBytes / CHUNK_BYTES));
    for (let chunk = first * perBlock; chunk < end; chunk += 1) {
      signal.throwIfAborted();
      const index = Math.floor(chunk / (perBlock * SEGMENT_BLOCKS));
      const chunks = segmentChunks(sizeBytes, blockSizeBytes, index);
      const checksums = file.segment(index, chunks)?.checksums;
      if (checksums === undefined) {
        return { ...failed('file-damaged', 'its checksums are not there'), readBytes };
      }
      const offset = chunk * CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES, sizeBytes - offset);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      readBytes += bytesRead;
      const expected = checksums[chunk % (perBlock * SEGMENT_BLOCKS)];
      if (bytesRead < length || crc32(bytes.subarray(0, length)) !== expected) {
        const detail = `bytes ${String(offset)} to ${String(offset + length)} do not match`;
        return { ...failed('file-damaged', detail), readBytes };
      }
    }
  }
  return { problem: undefined, readBytes };
}

function failed(kind: FileProblem['kind'], detail: string): FileCheck {
  return { problem: { kind, detail }, sizeBytes: 0, readBytes: 0 };
}
