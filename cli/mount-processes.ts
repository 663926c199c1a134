/**
 * The two processes of a mount, started by this program for itself: the holder, which keeps /dev/fuse,
 * and the server, which answers. Loads no more than each needs: a server must be back quickly.
 */
import fs from 'node:fs';
import { createLogger, EXIT_CODE, LarderError, shareOfOpenFiles } from '../common/index.ts';
import { DRIVERS, lacks } from '../fuse-client/index.ts';
import type { FuseDriver, MountEvent, MountSpec } from '../fuse-client/index.ts';
import { connect } from '../sdk/index.ts';
import { reportFailed, reportReady } from './children.ts';
import { reloadOnHangup } from './config/reload.ts';
import { usedSettings, useSettings } from './environment.ts';
import type { UsedSettings } from './environment.ts';
import type { MountFlags } from './flags.ts';
import { listInstances, registerInstance, signalInstance } from './instances.ts';
import type { MountRecord } from './instances.ts';
import { openFilesLimit } from './open-files.ts';

/** Kept open by each of two threads: half of the file descriptors at most. */
const OBJECT_FILES = { share: 1 / 4, least: 2, most: 64 };

/** Written by `mount` and `up` for the processes that they start. */
export interface MountProcessSpec {
  readonly mountpoint: string;
  readonly dataset: string;
  readonly version: number;
  readonly master: string;
  readonly workerSocket?: string;
  readonly stateDirectory: string;
  readonly group: string;
  readonly how: MountFlags;
  readonly host: string;
  readonly logLevel: string;
  readonly readTimeoutMs: number;
  readonly hungAfterMs: number;
  /** What the command that mounted was told: reading it again starts from there. */
  readonly configuration: UsedSettings;
  readonly holderCommand: readonly string[];
  readonly serverCommand: readonly string[];
}

export async function runMountProcess(
  role: 'internal-holder' | 'internal-server',
  [specFile = '']: readonly string[],
): Promise<void> {
  const spec = readSpec(specFile);
  useSettings(spec.configuration);
  if (role === 'internal-holder') await hold(spec, specFile);
  else await serve(spec, specFile);
}

async function hold(spec: MountProcessSpec, specFile: string): Promise<void> {
  const { mountpoint, dataset, version, master, group } = spec;
  const log = createLogger({ level: spec.logLevel, role: 'holder' });
  const controller = new AbortController();
  const onSignal = () => {
    controller.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const reloading = reloadOnHangup();
  const driver = driverOf(spec);
  let mount: MountRecord = {
    mountpoint,
    dataset,
    version,
    driver: driver.name,
    lacks: lacks(driver),
    manifestPercent: 0,
    integrity: spec.how.integrity,
    opens: {},
  };
  const instance = registerInstance({ role: 'holder', group, mountpoint, master, mount });
  reloading.ready({
    user: 'mount',
    log,
    instance,
    apply: ({ logLevel }) => {
      // For the server that runs, and for those that come after it.
      writeSpec(specFile, { ...spec, logLevel, configuration: usedSettings() });
      for (const process of listInstances()) {
        if (process.role !== 'server' || process.mountpoint !== mountpoint) continue;
        signalInstance(process, 'SIGHUP');
      }
    },
  });
  const update = (changes: Partial<MountRecord>) => {
    mount = { ...mount, ...changes };
    instance.update({ mount });
  };
  const report = (event: MountEvent) => {
    if (event.kind === 'serving') reportReady({ mountpoint });
    else if (event.kind === 'manifest') update({ manifestPercent: event.percent });
    else if (event.kind === 'opens') update({ openMode: event.decision, opens: event.counts });
    else if (event.kind === 'server-lost' || event.kind === 'busy') log.warn(event, event.kind);
    else log.debug(event, event.kind);
  };
  let failure: LarderError | undefined;
  try {
    const end = await driver.hold(mountSpec(spec), { signal: controller.signal, report });
    if (end.kind === 'failed') failure = end.error;
    if (end.kind === 'gave-up')
      failure = new LarderError('UNAVAILABLE', { mountpoint, why: end.kind });
  } catch (error) {
    if (!(error instanceof LarderError)) throw error;
    failure = error;
  } finally {
    instance.remove();
  }
  if (failure === undefined) process.exit(0);
  log.error({ err: failure }, 'the mount ended');
  reportFailed(failure);
  if (process.connected) process.disconnect();
  process.exitCode = EXIT_CODE[failure.code];
}

async function serve(spec: MountProcessSpec, specFile: string): Promise<void> {
  const { mountpoint, dataset, version, master, workerSocket, stateDirectory, group, host } = spec;
  const log = createLogger({ level: spec.logLevel, role: 'server' });
  // From the holder, which has read the configuration.
  process.on('SIGHUP', () => {
    log.level = readSpec(specFile).logLevel;
  });
  const instance = registerInstance({ role: 'server', group, mountpoint, master });
  const larder = connect({
    master,
    ...(workerSocket === undefined ? {} : { workerSocket }),
    readTimeoutMs: spec.readTimeoutMs,
    client: `mount ${mountpoint}`,
  });
  await driverOf(spec).serve(mountSpec(spec), {
    log,
    connect: (signal) =>
      larder.openMount(
        {
          name: dataset,
          version,
          stateDirectory,
          holder: `${host}:${stateDirectory}`,
          what: `${host}:${mountpoint}`,
        },
        signal,
      ),
    beforeEnd: () => {
      instance.remove();
    },
  });
}

function readSpec(file: string): MountProcessSpec {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as MountProcessSpec;
}

/** Whole or not at all: a server may be starting. */
function writeSpec(file: string, spec: MountProcessSpec): void {
  fs.writeFileSync(`${file}.tmp`, JSON.stringify(spec));
  fs.renameSync(`${file}.tmp`, file);
}

function driverOf({ how }: MountProcessSpec): FuseDriver {
  return DRIVERS[how.driver];
}

function mountSpec(spec: MountProcessSpec): MountSpec {
  const { mountpoint, dataset, version, how, serverCommand, holderCommand, hungAfterMs } = spec;
  return {
    mountpoint,
    name: dataset,
    version,
    serverCommand,
    holderCommand,
    openFilesPerThread: shareOfOpenFiles(openFilesLimit(), OBJECT_FILES),
    allowOther: how.allowOther,
    openMode: how.openMode,
    integrity: how.integrity,
    ...(how.recovery === 'slots' ? { recovery: how.recovery } : {}),
    timings: { silenceMs: hungAfterMs, heartbeatMs: Math.max(10, hungAfterMs / 10) },
  };
}
