/** `larder up`: master, worker and mount in one command. */
import fs from 'node:fs';
import path from 'node:path';
import {
  checkDatasetName,
  DEFAULT_SETTINGS,
  EXIT,
  parseSize,
  withSetting,
} from '../../common/index.ts';
import { parseOriginUrl } from '../../common/index.ts';
import { checkFuse, checkMountpoint } from '../../fuse-client/index.ts';
import { reportReady, startChild } from '../children.ts';
import { createContext } from '../context.ts';
import type { Context } from '../context.ts';
import { makeDirectory } from '../directories.ts';
import { isSet, mountFlags, originUrl, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { leftOutNote } from '../left-out.ts';
import { groupPrefix, shortHash } from '../mounting.ts';
import type { Output } from '../output.ts';
import { runStack } from '../up/stack.ts';
import type { StackOptions } from '../up/stack.ts';

/** A listing of a large bucket takes its time; `--detach` waits for it. */
const DETACH_TIMEOUT_MS = 24 * 3_600_000;

export async function up([origin = '', where = '']: string[], flags: Flags): Promise<number> {
  const context = createContext({ json: isSet(flags, 'json'), role: 'up' });
  const options = stackOptions(context, { origin, where, flags });
  if (isSet(flags, 'detach')) return await detach(context, options, [origin, where], flags);
  return await runStack(context, options, (ready) => {
    const { dataset, version, master, mountpoint, skipped } = ready;
    context.output.result(
      ready,
      `${dataset}@v${String(version)} is mounted on ${mountpoint} (master ${master}). Ctrl-C ends it.`,
    );
    noteLeftOut(context.output, dataset, skipped);
    reportReady({ dataset, version, master, mountpoint, skipped });
  });
}

/** Everything that can be wrong with the request is found before anything is started. */
function stackOptions(
  { environment }: Context,
  { origin, where, flags }: { origin: string; where: string; flags: Flags },
): StackOptions {
  const how = mountFlags(flags);
  const url = originUrl(origin);
  parseOriginUrl(url);
  const mountpoint = path.resolve(where);
  checkFuse();
  checkMountpoint(mountpoint);
  const settings = withSetting(DEFAULT_SETTINGS, 'endpoint', text(flags, 'endpoint') ?? '');
  const { endpoint } = settings;
  const cacheSize = text(flags, 'cacheSize');
  if (cacheSize !== undefined) parseSize(cacheSize);
  const name = checkDatasetName(text(flags, 'name') ?? defaultName(url));
  const id = shortHash(`${url}|${endpoint}|${mountpoint}`);
  const cacheDir = text(flags, 'cacheDir');
  return {
    origin: url,
    endpoint,
    name,
    mountpoint,
    how,
    home:
      cacheDir === undefined
        ? path.join(environment.cacheHome, `${name}-${id}`)
        : path.resolve(cacheDir),
    ...(cacheSize === undefined ? {} : { cacheSize }),
    socket: path.join(environment.runtimeDirectory, `up-${id}`, 'worker.sock'),
    group: `${groupPrefix(mountpoint)}${String(process.pid)}`,
  };
}

/** Starts the same command as a daemon, and ends when that says that its mount answers. */
async function detach(
  { output, signal }: Context,
  options: StackOptions,
  [origin, where]: [string, string],
  flags: Flags,
): Promise<number> {
  makeDirectory(options.home, 'CACHE_DIR_UNUSABLE');
  const log = path.join(options.home, 'up.log');
  const logFd = fs.openSync(log, 'a', 0o600);
  const passed = Object.entries(flags).flatMap(([name, value]) => {
    if (value === undefined || name === 'detach' || name === 'json') return [];
    const flag = `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    return typeof value === 'string' ? [flag, value] : [flag];
  });
  const child = await startChild({
    args: ['up', origin, where, ...passed],
    logFd,
    detached: true,
    readyTimeoutMs: DETACH_TIMEOUT_MS,
    signal,
  });
  fs.closeSync(logFd);
  const { dataset, version, master, mountpoint, skipped } = child.details;
  const shown = `${String(dataset)}@v${String(version)} is mounted on ${String(mountpoint)}`;
  output.result(
    { ...child.details, log },
    `${shown} (master ${String(master)}, log ${log}). End it with \`larder down ${where}\`.`,
  );
  noteLeftOut(output, String(dataset), Number(skipped));
  child.process.disconnect();
  child.process.unref();
  return EXIT.ok;
}

function noteLeftOut(output: Output, dataset: string, skipped: number): void {
  const note = leftOutNote(dataset, skipped);
  if (note !== '') output.note(note);
}

/** The last part of the origin's path, else the bucket. */
function defaultName(url: string): string {
  const { kind } = parseOriginUrl(url);
  const written = url.replace(/\/+$/, '').split('/').at(-1) ?? '';
  const last = kind === 'directory' ? decodeURIComponent(written) : written;
  const name = last
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100);
  return name === '' ? 'dataset' : name;
}
