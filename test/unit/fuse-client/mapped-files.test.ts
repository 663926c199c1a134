import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../common/index.ts';
import { deviceInMaps } from '../../../fuse-client/mount.ts';
import { MappedFiles } from '../../../fuse-client/mapped-files.ts';

const GIB = 1024 ** 3;
const PROGRAM = `
import mmap, sys
file = open(sys.argv[1], 'rb')
mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) if sys.argv[2] == 'map' else None
print('ready', flush=True)
sys.stdin.read()
`;

let directory: string;
let file: string;
const programs: ChildProcess[] = [];

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-mapped-'));
  file = path.join(directory, 'file');
  fs.writeFileSync(file, 'bytes');
});

afterEach(() => {
  for (const program of programs.splice(0)) program.kill('SIGKILL');
  fs.rmSync(directory, { recursive: true });
});

/** A program that has the file open, and mapped or not. */
async function start(how: 'map' | 'open'): Promise<number> {
  const program = spawn('python3', ['-c', PROGRAM, file, how], { stdio: 'pipe' });
  programs.push(program);
  await once(program.stdout, 'data');
  return program.pid ?? 0;
}

/** The file's file system stands for the mount, its inode number for the node. */
function mappedFiles() {
  const { dev, ino } = fs.statSync(file);
  const device = `${String((dev >> 8) & 0xfff)}:${String((dev & 0xff) | ((dev >> 12) & 0xfff00))}`;
  const reports: [number, number][] = [];
  let nowMs = 0;
  const mapped = new MappedFiles({
    clock: { ...systemClock, monotonicMs: () => nowMs },
    device: () => deviceInMaps({ device }),
    report: (ordinal, offsetBytes) => reports.push([ordinal - ino + 1, offsetBytes]),
  });
  /** A miss after so long. */
  const missed = async (threadId: number, offsetBytes: number, sizeBytes: number, ms = 0) => {
    nowMs += ms;
    mapped.missed({ node: ino, sizeBytes, offsetBytes, threadId });
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  return { missed, reports };
}

test('a large file that the reader has mapped is reported, once in a while and for each stripe', async () => {
  const pid = await start('map');
  const { missed, reports } = mappedFiles();
  await missed(pid, 5, 3 * GIB);
  await missed(pid, 6, 3 * GIB, 1_000);
  expect(reports).toEqual([[0, 5]]);
  await missed(pid, 2 * GIB + 1, 3 * GIB);
  await missed(pid, 7, 3 * GIB, 10_000);
  expect(reports).toEqual([
    [0, 5],
    [0, 2 * GIB + 1],
    [0, 7],
  ]);
});

test('one that it only reads is not, nor is a small one, nor one of a reader that is not seen', async () => {
  const [pid, mapping] = [await start('open'), await start('map')];
  const { missed, reports } = mappedFiles();
  await missed(pid, 0, GIB);
  await missed(mapping, 0, 1_000_000);
  await missed(0, 0, GIB, 1_000);
  await missed(2 ** 22 + 1, 0, GIB, 1_000);
  expect(reports).toEqual([]);
  // Who maps it later is seen then.
  await missed(mapping, 0, GIB, 100);
  expect(reports).toEqual([]);
  await missed(mapping, 0, GIB, 500);
  expect(reports).toEqual([[0, 0]]);
});
