/**
 * The logs that Larder knows of: of processes that run, and those that `--detach` leaves behind. What is
 * in here runs in a child: a log may lie on a file system that hangs.
 */
import fs from 'node:fs';
import path from 'node:path';
import { KIB } from '../../common/index.ts';

export interface LogPlaces {
  /** Of processes that run. */
  readonly pids: readonly number[];
  readonly runtimeDirectory: string;
  readonly cacheHome: string;
  readonly cacheDirectories: readonly string[];
}

export interface LogPart {
  readonly file: string;
  /** As it is, secrets included. */
  readonly text: string;
}

const LAST_BYTES = 256 * KIB;
const MAX_FILES = 32;

/** The newest first, without what is not a file: a journal, a terminal, a pipe. */
export function lastParts(places: LogPlaces): LogPart[] {
  return logFiles(places).map((file) => ({ file, text: lastPart(file) }));
}

function logFiles(places: LogPlaces): string[] {
  const { pids, runtimeDirectory, cacheHome, cacheDirectories } = places;
  const running = pids.flatMap((pid) => openOn(`/proc/${String(pid)}/fd/2`));
  const left = [
    ...below(path.join(runtimeDirectory, 'mounts'), 'mount.log'),
    ...below(cacheHome, 'up.log'),
    // `up` keeps its log beside the worker's directory.
    ...cacheDirectories.flatMap((directory) => [
      path.join(directory, 'up.log'),
      path.join(path.dirname(directory), 'up.log'),
    ]),
  ];
  return [...new Set([...running, ...left])]
    .map((file) => ({ file, modifiedMs: modifiedMs(file) }))
    .filter(({ modifiedMs }) => modifiedMs > 0)
    .sort((a, b) => b.modifiedMs - a.modifiedMs)
    .slice(0, MAX_FILES)
    .map(({ file }) => file);
}

/** From the first whole line on. */
function lastPart(file: string): string {
  const fd = fs.openSync(file, 'r');
  try {
    const { size } = fs.fstatSync(fd);
    const start = Math.max(0, size - LAST_BYTES);
    const bytes = Buffer.alloc(size - start);
    const count = fs.readSync(fd, bytes, 0, bytes.length, start);
    const text = bytes.toString('utf8', 0, count);
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    fs.closeSync(fd);
  }
}

function openOn(link: string): string[] {
  try {
    return [fs.readlinkSync(link)];
  } catch {
    return [];
  }
}

/** `NAME` in each folder of a folder. */
function below(folder: string, name: string): string[] {
  try {
    return fs.readdirSync(folder).map((entry) => path.join(folder, entry, name));
  } catch {
    return [];
  }
}

/** 0 for what is not a file. */
function modifiedMs(file: string): number {
  try {
    const found = fs.statSync(file);
    return found.isFile() ? found.mtimeMs : 0;
  } catch {
    return 0;
  }
}
