/**
 * The processes of Larder on this machine: each leaves a record in the runtime directory while it
 * runs, so that `status` and `down` find it.
 *
 * Always true: a record counts only while its process lives, told by pid and start time, so a record
 * left by SIGKILL, or a pid that was given out again, misleads nobody. Stale records are removed by
 * whoever meets them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../common/index.ts';
import type { ErrorFacts } from '../common/index.ts';
import type { Integrity, ModeDecision, OpenCounts } from '../fuse-client/index.ts';
import type { DiskStatus } from '../worker/index.ts';
import { writing } from './directories.ts';
import { environment } from './environment.ts';
import { packageVersion } from './package-version.ts';

export type Role = 'up' | 'master' | 'worker' | 'holder' | 'server';

export interface MountRecord {
  readonly mountpoint: string;
  readonly dataset: string;
  readonly version: number;
  readonly driver: string;
  /** What the driver does not do, by the names of its capabilities. */
  readonly lacks: readonly string[];
  readonly manifestPercent: number;
  /** Only while no server has proved to last. */
  readonly condition?: ConditionRecord | undefined;
  /** Whether every byte comes from a worker, checked; releases before 0.2 did not say. */
  readonly integrity?: Integrity;
  /** How files are opened, once that is decided; a driver without modes says nothing. */
  readonly openMode?: ModeDecision;
  /** Opens so far: passthrough, and by reason those that are in daemon mode. */
  readonly opens?: OpenCounts;
}

/** As `MountCondition`, with points in time for what it gives as spans: milliseconds since 1970. */
export interface ConditionRecord {
  readonly state: 'restarted' | 'waiting' | 'failing';
  readonly failures: number;
  readonly nextTryAtMs: number;
  readonly readsFailAtMs: number;
  readonly lastError: string;
}

/** How a holder can be replaced by that of another installation, and how that went. */
export interface UpgradeRecord {
  /** What it speaks with its successor. */
  readonly handover: number;
  /** Of what a server leaves to the next. */
  readonly stateFormat: number;
  /** What it and its servers were given. */
  readonly specFile: string;
  /** Of the last upgrade that was asked for; of the one that this holder has come by. */
  readonly id?: string;
  /** Why that came to nothing. */
  readonly error?: { readonly code: string; readonly facts: ErrorFacts };
}

/** How reading the configuration again went the last time. */
export interface ReloadRecord {
  /** How often it was tried. */
  readonly number: number;
  /** Settings that were taken. */
  readonly changed: readonly string[];
  /** Changed ones that need a restart. */
  readonly restart: readonly string[];
  /** Why nothing was taken. */
  readonly problem?: string;
}

export interface Instance {
  readonly role: Role;
  readonly pid: number;
  /** Clock ticks since boot at which the process started, from /proc. */
  readonly startTicks: string;
  /** Common to all that one `up` started; empty for others. */
  readonly group: string;
  /** Of its software; releases before 0.2 did not say. */
  readonly version?: string;
  /** The master that it is, or talks to. */
  readonly master?: string;
  readonly socket?: string;
  /** Of a worker: the first of its cache directories, which is all that releases before 0.2 had. */
  readonly cacheDir?: string;
  /** Of a worker, each of its cache directories. */
  readonly disks?: readonly DiskStatus[];
  readonly origin?: string;
  readonly mountpoint?: string;
  readonly mount?: MountRecord;
  /** Of a holder. */
  readonly upgrade?: UpgradeRecord;
  /** Of a holder that has yet to prove its installation: the id of the upgrade. */
  readonly trial?: string | undefined;
  /** Only of processes that read their configuration again at SIGHUP: others would end. */
  readonly reload?: ReloadRecord;
}

export type InstanceDetails = Omit<Instance, 'pid' | 'startTicks' | 'version'>;

export interface InstanceRecord {
  readonly instance: Instance;
  readonly alive: boolean;
}

/**
 * Writes this process's record; the returned functions change and remove it.
 *
 * @throws {LarderError} `RUNTIME_DIR_UNUSABLE`
 */
export function registerInstance(details: InstanceDetails): {
  update(changes: Partial<InstanceDetails>): void;
  remove(): void;
} {
  const directory = instancesDirectory();
  const file = recordFile(process.pid);
  let record: Instance = {
    ...details,
    ...ownIdentity(),
    version: packageVersion(),
  };
  const write = () => {
    writing(directory, () => {
      fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
      try {
        fs.writeFileSync(`${file}.tmp`, JSON.stringify(record));
        fs.renameSync(`${file}.tmp`, file);
      } catch (error) {
        fs.rmSync(`${file}.tmp`, { force: true });
        throw error;
      }
    });
  };
  write();
  return {
    update: (changes) => {
      record = { ...record, ...changes };
      try {
        write();
      } catch {
        // The disk is full: `status` shows what was written last.
      }
    },
    remove: () => {
      fs.rmSync(file, { force: true });
    },
  };
}

/** What tells this process from another of the same pid. */
export function ownIdentity(): Pick<Instance, 'pid' | 'startTicks'> {
  return { pid: process.pid, startTicks: startTicks(process.pid) ?? '' };
}

/** Those that run. Records of others are removed. */
export function listInstances(): Instance[] {
  return readRecords().flatMap((record) => {
    if (record.alive) return [record.instance];
    removeRecord(record);
    return [];
  });
}

/** All records, by pid, also of processes that are gone. Removes nothing. */
export function readRecords(): InstanceRecord[] {
  const directory = instancesDirectory();
  let names: string[];
  try {
    names = fs.readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readRecord(path.join(directory, name)))
    .sort((a, b) => a.instance.pid - b.instance.pid);
}

export function removeRecord({ instance }: InstanceRecord): void {
  fs.rmSync(recordFile(instance.pid), { force: true });
}

export function isAlive(instance: Pick<Instance, 'pid' | 'startTicks'>): boolean {
  return startTicks(instance.pid) === instance.startTicks;
}

/** Resolves to true when all have ended, to false after `timeoutMs`. */
export async function waitForEnd(
  instances: readonly Instance[],
  timeoutMs: number,
): Promise<boolean> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  while (instances.some(isAlive)) {
    if (systemClock.monotonicMs() > deadlineMs) return false;
    await systemClock.sleep(20);
  }
  return true;
}

/** Signals a process only if it still is the one that was recorded. */
export function signalInstance(instance: Instance, signal: NodeJS.Signals): void {
  if (!isAlive(instance)) return;
  try {
    process.kill(instance.pid, signal);
  } catch {
    // It ended in between.
  }
}

function instancesDirectory(): string {
  return path.join(environment().runtimeDirectory, 'instances');
}

function recordFile(pid: number): string {
  return path.join(instancesDirectory(), `${String(pid)}.json`);
}

function readRecord(file: string): InstanceRecord[] {
  try {
    const instance = JSON.parse(fs.readFileSync(file, 'utf8')) as Instance;
    return [{ instance, alive: isAlive(instance) }];
  } catch {
    return [];
  }
}

function startTicks(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The command's name is in parentheses and may hold anything; fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
