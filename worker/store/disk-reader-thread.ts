/** A thread of `DiskReaders`: one job after the other. */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { crc32 } from '@node-rs/crc32';
import type { ReadJob, ReadResult } from './disk-readers.ts';
import {
  addressOf,
  dropPagesNow,
  reserveSpace,
  startWritebackNow,
  syncFileSystemNow,
} from './libc.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_TRUNC, O_DIRECT, O_NOFOLLOW } = fs.constants;
const MODE = 0o600;
const PAGE_BYTES = 4096;
const PROBE_BYTES = 4096;
const WARM_STEP_BYTES = 1 << 20;

const chunkBytes = workerData as number;
/** Of the last read past the page cache, for the next. */
let aligned = Buffer.alloc(0);

parentPort?.on('message', (job: ReadJob | undefined) => {
  if (job === undefined) {
    parentPort?.close();
    return;
  }
  let result: ReadResult;
  try {
    result = perform(job);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    result = { value: 0, failure: { message, code } };
  }
  parentPort?.postMessage(result, result.memory === undefined ? [] : [result.memory]);
});

function perform(job: ReadJob): ReadResult {
  switch (job.kind) {
    case 'open':
      return { value: fs.openSync(job.path, job.flags, MODE) };
    case 'read':
      return read(job.fd, job.offsetBytes, job.lengthBytes);
    case 'read-stored':
      return readStored(job.path, job.offsetBytes, job.lengthBytes);
    case 'unlink':
      fs.unlinkSync(job.path);
      if (job.prunes) prune(job.path);
      return { value: 1 };
    case 'exists':
      return { value: fs.lstatSync(job.path, { throwIfNoEntry: false }) === undefined ? 0 : 1 };
    case 'reserve':
      return { value: reserve(job.path, job.lengthBytes) ? 1 : 0 };
    case 'sync':
      if (job.drop) dropPagesNow(job.fd, job.fromBytes, job.lengthBytes);
      else startWritebackNow(job.fd, job.fromBytes, job.lengthBytes);
      return { value: 1 };
    case 'sync-all':
      return { value: syncFileSystemNow(job.fd) ? 1 : 0 };
    case 'warm':
      warm(job.path, job.lengthBytes);
      return { value: 1 };
    case 'probe':
      return { value: probe(job.path, job.isDurable) ? 1 : 0 };
  }
}

function read(fd: number, offsetBytes: number, lengthBytes: number): ReadResult {
  const bytes = Buffer.allocUnsafeSlow(lengthBytes);
  let got = 0;
  while (got < lengthBytes) {
    const n = fs.readSync(fd, bytes, got, lengthBytes - got, offsetBytes + got);
    if (n === 0) break;
    got += n;
  }
  return { value: got, memory: bytes.buffer, checksums: checksumsOf(bytes.subarray(0, got)) };
}

function readStored(path: string, offsetBytes: number, lengthBytes: number): ReadResult {
  const fd = openPastCache(path);
  try {
    const bytes = alignedBytes(lengthBytes);
    let got = 0;
    while (got < bytes.length) {
      const n = fs.readSync(fd, bytes, got, bytes.length - got, offsetBytes + got);
      got += n;
      // Only at the end of a file are they not whole pages, and nothing can be read from there on.
      if (n === 0 || n % PAGE_BYTES !== 0) break;
    }
    const value = Math.min(got, lengthBytes);
    return { value, checksums: checksumsOf(bytes.subarray(0, value)) };
  } finally {
    fs.closeSync(fd);
  }
}

/** Some file systems always have a page cache, or are one. */
function openPastCache(path: string): number {
  try {
    return fs.openSync(path, O_RDONLY | O_DIRECT | O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error;
    return fs.openSync(path, O_RDONLY | O_NOFOLLOW);
  }
}

/** Memory that a disk may write to itself: it begins with a page, and is whole pages. */
function alignedBytes(lengthBytes: number): Buffer {
  const wanted = Math.ceil(lengthBytes / PAGE_BYTES) * PAGE_BYTES;
  if (aligned.length < wanted) {
    const memory = Buffer.allocUnsafeSlow(wanted + PAGE_BYTES);
    const start = PAGE_BYTES - (addressOf(memory) % PAGE_BYTES);
    aligned = memory.subarray(start, start + wanted);
  }
  return aligned.subarray(0, wanted);
}

function checksumsOf(bytes: Buffer): number[] {
  const checksums: number[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    checksums.push(crc32(bytes.subarray(at, Math.min(bytes.length, at + chunkBytes))));
  }
  return checksums;
}

/** Each costs an inode, of which a small file system has few. */
function prune(path: string): void {
  try {
    fs.rmdirSync(dirname(path));
    fs.rmdirSync(dirname(dirname(path)));
  } catch {
    // Others are in it.
  }
}

function reserve(path: string, lengthBytes: number): boolean {
  const fd = fs.openSync(path, 'r+');
  try {
    return reserveSpace(fd, fs.fstatSync(fd).size, lengthBytes);
  } finally {
    fs.closeSync(fd);
  }
}

function warm(path: string, lengthBytes: number): void {
  const fd = fs.openSync(path, O_RDONLY);
  try {
    const bytes = Buffer.allocUnsafeSlow(WARM_STEP_BYTES);
    for (let at = 0; at < lengthBytes; at += WARM_STEP_BYTES) {
      if (fs.readSync(fd, bytes, 0, WARM_STEP_BYTES, at) < WARM_STEP_BYTES) return;
    }
  } finally {
    fs.closeSync(fd);
  }
}

function probe(directory: string, isDurable: boolean): boolean {
  if (fs.statSync(directory, { throwIfNoEntry: false }) === undefined) return false;
  const path = join(directory, 'probe');
  const fd = fs.openSync(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, MODE);
  try {
    const bytes = Buffer.alloc(PROBE_BYTES, 'larder');
    try {
      fs.writeSync(fd, bytes, 0, PROBE_BYTES, 0);
      if (isDurable) fs.fsyncSync(fd);
      readBack(path);
    } catch (error) {
      // A full disk still has what it holds.
      if (codeOf(error) !== 'ENOSPC') throw error;
    }
    return true;
  } finally {
    fs.closeSync(fd);
    fs.rmSync(path, { force: true });
  }
}

/** From the disk itself, where the file system can do so; what was written goes there before. */
function readBack(path: string): void {
  try {
    const fd = fs.openSync(path, O_RDONLY | O_DIRECT | O_NOFOLLOW);
    try {
      fs.readSync(fd, alignedBytes(PROBE_BYTES), 0, PROBE_BYTES, 0);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
