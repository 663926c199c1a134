/** What the tests of passthrough have in common: a tree of files of one size, and looks at what is held. */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { eventually, MountUnderTest } from './fuse-mount.ts';
import type { MountTestOptions } from './fuse-mount.ts';
import { getxattr } from './libc.ts';

export const FILE_BYTES = 3_000_000;

export const PASSTHROUGH: MountTestOptions = {
  complete: true,
  mount: { openMode: 'passthrough', timings: { silenceMs: 800, heartbeatMs: 100 } },
};

/** `file-0` … of `FILE_BYTES` each, and `empty`. */
export function manyFiles(files: number): MountUnderTest {
  return new MountUnderTest((tree) => {
    fs.writeFileSync(path.join(tree, 'empty'), '');
    for (let index = 0; index < files; index++) {
      const bytes = Buffer.alloc(FILE_BYTES, `contents of file ${String(index)} `);
      bytes.writeUInt32LE(index, FILE_BYTES - 4);
      fs.writeFileSync(path.join(tree, `file-${String(index)}`), bytes);
    }
  });
}

export function modeOf(file: string): string {
  return getxattr(file, 'user.larder.mode');
}

export function bytesOf(mount: MountUnderTest, name: string): Buffer {
  return fs.readFileSync(path.join(mount.tree, name));
}

export function readAll(fd: number): Buffer {
  const bytes = Buffer.alloc(FILE_BYTES);
  expect(fs.readSync(fd, bytes, 0, FILE_BYTES, 0)).toBe(FILE_BYTES);
  return bytes;
}

/** Opens a file, checks its bytes, and says in which mode it was open. */
export function readOnce(mount: MountUnderTest, name: string): string {
  const fd = fs.openSync(mount.at(name), 'r');
  try {
    expect(readAll(fd).equals(bytesOf(mount, name))).toBe(true);
    return modeOf(mount.at(name));
  } finally {
    fs.closeSync(fd);
  }
}

/** The server looks at what is open five times a second. */
const LOOKS_MS = 1_000;

/**
 * The kernel tells of a last close when it has time, and the server reports it when it looks; a file that was
 * open between two looks it does not report at all.
 */
export async function closed(mount: MountUnderTest, name: string): Promise<void> {
  const id = mount.objectId(name);
  const sinceMs = Date.now();
  await eventually('the last close', 10_000, () => {
    const last = mount.log().findLast((line) => line.endsWith(id));
    if (last === undefined) return Date.now() - sinceMs > LOOKS_MS ? true : undefined;
    return last === `closed ${id}` ? true : undefined;
  });
}

/** The links of the server's fds in which a text occurs. */
export function fdsOf(mount: MountUnderTest, what = ''): string[] {
  const directory = `/proc/${String(mount.serverPid)}/fd`;
  return fs.readdirSync(directory).flatMap((fd) => {
    try {
      const target = fs.readlinkSync(path.join(directory, fd));
      return target.includes(what) ? [target] : [];
    } catch {
      return [];
    }
  });
}

export function freeBytes(directory: string): number {
  const { bavail, bsize } = fs.statfsSync(directory);
  return bavail * bsize;
}

/**
 * Waits until all but what directories take is free again: nobody, and no backing id of the kernel, has
 * a file of it open.
 */
export async function spaceComesBack(directory: string, freeBefore: number): Promise<void> {
  await eventually('the space', 10_000, () =>
    freeBytes(directory) > freeBefore - FILE_BYTES / 2 ? true : undefined,
  );
}
