/**
 * The environment: the only place that reads it. What people may set is the table in
 * `common/config.ts`; this file gives it to the commands, with the defaults that depend on the machine.
 */
import os from 'node:os';
import path from 'node:path';
import type { SettingValues } from '../common/index.ts';
import { resolveSettings } from './config/resolve.ts';
import { unknownVariables } from './config/unknown-variables.ts';
import type { UnknownVariable } from './config/unknown-variables.ts';
import type { Invocation, Resolved } from './config/resolve.ts';

const { env } = process;

export interface Environment {
  /** As set by flag, environment, file or default. */
  readonly settings: SettingValues;
  /** host:port, where one is named. */
  readonly master: string | undefined;
  /** The Unix socket of the worker on this node, where one is named. */
  readonly workerSocket: string | undefined;
  readonly logLevel: string;
  readonly runtimeDirectory: string;
  readonly cacheHome: string;
  /** Where a master and a worker keep their data. */
  readonly masterHome: string;
  readonly workerHomes: readonly string[];
  readonly masterTimes: { leaseMs: number; heartbeatMs: number; graceMs: number };
  readonly hungAfterMs: number;
  readonly readsFailAfterMs: number;
  readonly readTimeoutMs: number;
  /** `NO_COLOR` is not set, to anything. */
  readonly color: boolean;
}

/** What a process was told, and what came of it. JSON-able: the processes of a mount are given it. */
export interface UsedSettings {
  readonly invocation: Invocation;
  readonly resolved: Resolved;
}

/** Until `useSettings` was called there is no configuration file. */
let current: UsedSettings | undefined;

export function useSettings(settings: UsedSettings): void {
  current = settings;
}

export function usedSettings(): UsedSettings {
  if (current === undefined) {
    const invocation: Invocation = { command: '', flags: {} };
    current = {
      invocation,
      resolved: resolveSettings({ ...invocation, variable: readVariable }),
    };
  }
  return current;
}

export function environment(): Environment {
  const settings = usedSettings().resolved.values;
  const { lease, heartbeat, grace } = settings;
  const { cacheHome, runtimeDir, dataDir, cacheDir } = machineDefaults(settings);
  return {
    settings,
    master: settings.master,
    workerSocket: settings.workerSocket,
    logLevel: settings.logLevel,
    runtimeDirectory: runtimeDir,
    cacheHome,
    masterHome: dataDir,
    workerHomes: cacheDir,
    masterTimes: { leaseMs: lease, heartbeatMs: heartbeat, graceMs: grace },
    hungAfterMs: settings.hungAfter,
    readsFailAfterMs: settings.readsFailAfter,
    readTimeoutMs: settings.readTimeout,
    color: (env['NO_COLOR'] ?? '') === '',
  };
}

/** Settings whose default depends on the machine and the user, with that default filled in. */
export function machineDefaults(
  settings: SettingValues,
): Record<'cacheHome' | 'runtimeDir' | 'dataDir', string> & { cacheDir: readonly string[] } {
  const cacheHome = settings.cacheHome ?? defaultCacheHome();
  const dataDir = isRoot() ? '/var/lib/larder' : path.join(cacheHome, 'master');
  return {
    cacheHome,
    runtimeDir: settings.runtimeDir ?? defaultRuntimeDirectory(),
    dataDir: settings.dataDir ?? dataDir,
    cacheDir: settings.cacheDir ?? [path.join(cacheHome, 'worker')],
  };
}

/** `PATH`, where programs are looked for. */
export function searchPath(): string {
  return env['PATH'] ?? '';
}

const SECRET_NAME = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|ACCESS_?KEY|API_?KEY|PRIVATE|AUTH/i;

/** Values that may be secrets, by the names of their variables: to be kept out of what is written. */
export function secretValues(): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    SECRET_NAME.test(name) && value !== undefined ? [value] : [],
  );
}

/** The files in which AWS keeps credentials, and others that variables name. */
export function credentialFiles(): string[] {
  const aws = path.join(os.homedir(), '.aws');
  return [
    env['AWS_SHARED_CREDENTIALS_FILE'] ?? path.join(aws, 'credentials'),
    env['AWS_CONFIG_FILE'] ?? path.join(aws, 'config'),
    ...['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'].flatMap(
      (name) => env[name] ?? [],
    ),
  ];
}

/** What `up` gives to all that it starts, so that `down` finds them; empty elsewhere. */
export function groupOf(): string {
  return env['LARDER_GROUP'] ?? '';
}

/** Where a service manager waits to hear that this process is ready; systemd sets it. */
export function notifySocket(): string | undefined {
  return readVariable('NOTIFY_SOCKET');
}

/**
 * A child's environment: ours, with additions, and the configuration file that was named. A child is not
 * the service that is waited for.
 */
export function childEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { config } = usedSettings().invocation.flags;
  const { NOTIFY_SOCKET: _, ...inherited } = env;
  return {
    ...inherited,
    ...(typeof config === 'string' ? { LARDER_CONFIG: config } : {}),
    LARDER_RUNTIME_DIR: environment().runtimeDirectory,
    ...additions,
  };
}

/** Undefined where it is not set, or empty. */
export function readVariable(name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** What the hooks of a scheduler give to a job begins with it: where its datasets are. */
const JOB_PATHS = 'LARDER_PATH';

/** Variables of this process that look like settings. */
export function strangeVariables(): UnknownVariable[] {
  const names = Object.keys(env).filter((name) => !name.startsWith(JOB_PATHS));
  return unknownVariables(names, ['LARDER_CONFIG', 'LARDER_GROUP']);
}

/** `LARDER_CONFIG`: the configuration file, or `none`. */
export function namedConfig(): string | undefined {
  return readVariable('LARDER_CONFIG');
}

/** Where a configuration file is looked for that nobody names, in this order. */
export function configPlaces(): string[] {
  const system = '/etc/larder/larder.yaml';
  if (isRoot()) return [system];
  const base = readVariable('XDG_CONFIG_HOME') ?? path.join(os.homedir(), '.config');
  return [path.join(base, 'larder/larder.yaml'), system];
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

function defaultRuntimeDirectory(): string {
  if (isRoot()) return '/run/larder';
  const base = env['XDG_RUNTIME_DIR'];
  if (base !== undefined && base !== '') return path.join(base, 'larder');
  return path.join(os.tmpdir(), `larder-${String(process.geteuid?.() ?? 0)}`);
}

function defaultCacheHome(): string {
  if (isRoot()) return '/var/cache/larder';
  return path.join(env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'larder');
}
