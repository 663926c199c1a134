/**
 * The support archive: what whoever helps needs to see, and no secrets.
 *
 * Always true: everything that is written has passed the redaction, also what should hold no secret;
 * no object's bytes, no credentials file and no environment is read for it. Settings are those of the
 * table, in which no secret has a place.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { asLarderError, LarderError, systemClock, systemCode } from '../../common/index.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import { effectiveSettings } from '../config/effective.ts';
import type { Environment } from '../environment.ts';
import { packageVersion } from '../package-version.ts';
import type { Finding, Subject } from './check.ts';
import { askMaster, MASTER_TIMEOUT_MS } from './cluster.ts';
import { HUNG, readLogs } from './isolated.ts';
import { readText } from './read-text.ts';
import { redactedJson } from './redact.ts';
import type { Redact } from './redact.ts';

const execute = promisify(execFile);
const TAR_TIMEOUT_MS = 60_000;
const LOGS_TIMEOUT_MS = 10_000;
const FOLDER = 'larder-support';

export interface BundleOptions {
  /** Must not exist. */
  readonly file: string;
  readonly report: { readonly findings: readonly Finding[] };
  readonly subject: Subject;
  readonly environment: Environment;
  readonly redact: Redact;
}

/** @throws {LarderError} `ALREADY_EXISTS`, `INVALID_ARGUMENT` where the file cannot be written */
export async function writeBundle(options: BundleOptions): Promise<void> {
  const { file } = options;
  const fd = createFile(file);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-doctor-'));
  try {
    const folder = path.join(scratch, FOLDER);
    fs.mkdirSync(path.join(folder, 'logs'), { recursive: true, mode: 0o700 });
    for (const [name, text] of await contents(options)) {
      fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    }
    const archive = path.join(scratch, 'bundle.tar.gz');
    await execute('tar', ['-czf', archive, '-C', scratch, FOLDER], { timeout: TAR_TIMEOUT_MS });
    fs.writeFileSync(fd, fs.readFileSync(archive));
  } catch (cause) {
    fs.rmSync(file, { force: true });
    if (cause instanceof LarderError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LarderError('INVALID_ARGUMENT', { option: '--bundle', file, reason }, { cause });
  } finally {
    fs.closeSync(fd);
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function createFile(file: string): number {
  try {
    return fs.openSync(file, 'wx', 0o600);
  } catch (cause) {
    const reason = systemCode(cause) ?? String(cause);
    const code = reason === 'EEXIST' ? 'ALREADY_EXISTS' : 'INVALID_ARGUMENT';
    throw new LarderError(code, { option: '--bundle', file, reason }, { cause });
  }
}

/** Names in the archive, and their text, redacted. */
async function contents(options: BundleOptions): Promise<[string, string][]> {
  const { report, subject, redact } = options;
  const json = (value: unknown) => redactedJson(value, redact);
  return [
    ['doctor.json', json(report)],
    ['status.json', json(await status(subject))],
    ['versions.json', json(versions())],
    ['configuration.json', json(configuration(subject))],
    ['processes.json', json(subject.records)],
    ['mountinfo.txt', redact(larderMounts(subject))],
    ['kernel.txt', redact(kernel())],
    ...(await logs(options)),
  ];
}

async function logs(options: BundleOptions): Promise<[string, string][]> {
  const { subject, environment, redact } = options;
  const { runtimeDirectory, cacheHome } = environment;
  const { records, cacheDirectories } = subject;
  const pids = records.flatMap(({ alive, instance }) => (alive ? [instance.pid] : []));
  const places = { pids, runtimeDirectory, cacheHome, cacheDirectories };
  const parts = await readLogs(places, LOGS_TIMEOUT_MS);
  if (parts === HUNG) return [['logs/none.txt', 'The file system that they lie on hangs.\n']];
  return parts.map(({ file, text }, index) => [
    `logs/${String(index).padStart(2, '0')}-${path.basename(file)}`,
    redact(`# ${file}\n${text}`),
  ]);
}

async function status({ masters }: Subject): Promise<unknown> {
  return await Promise.all(
    masters.map(async (master) => {
      try {
        return { master, ...(await askMaster(master)).status, settings: await datasets(master) };
      } catch (error) {
        return { master, error: asLarderError(error).message };
      }
    }),
  );
}

/** Origins and settings; a secret is in none of them. */
async function datasets(address: string): Promise<unknown> {
  await using channel = connectMaster({ address, unaryDeadlineMs: MASTER_TIMEOUT_MS });
  const { datasets: found } = await channel.catalog.listDatasets({});
  return found.map(({ name, origin, settings }) => ({ name, origin, settings }));
}

function versions() {
  const { version, arch, platform, versions: parts } = process;
  return {
    larder: packageVersion(),
    node: version,
    arch,
    platform,
    parts,
    at: new Date(systemClock.wallMs()).toISOString(),
  };
}

function configuration(subject: Subject) {
  const { masters, sockets, cacheDirectories, origin, endpoint } = subject;
  return {
    ...effectiveSettings(),
    looked: { masters, sockets, cacheDirectories, origin, endpoint },
  };
}

/** Of Larder, and those under what Larder uses. */
function larderMounts({ cacheDirectories }: Subject): string {
  const lines = readText('/proc/self/mountinfo').split('\n');
  const wanted = lines.filter((line) => {
    const mountpoint = line.split(' ')[4] ?? '';
    return (
      line.includes(' - fuse') ||
      mountpoint === '/' ||
      cacheDirectories.some((directory) => directory.startsWith(mountpoint) && mountpoint !== '')
    );
  });
  return `${wanted.join('\n')}\n`;
}

function kernel(): string {
  const timeouts = ['default_request_timeout', 'max_request_timeout', 'max_pages_limit'].map(
    (name) => `fs.fuse.${name} = ${readText(`/proc/sys/fs/fuse/${name}`).trim()}`,
  );
  return [`${os.type()} ${os.release()} ${os.version()}`, ...timeouts, ''].join('\n');
}
