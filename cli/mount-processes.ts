/**
 * The two processes of a mount, started by this program for itself: the holder, which keeps /dev/fuse,
 * and the server, which answers. Loads no more than each needs: a server must be back quickly.
 */
import fs from 'node:fs';
import { createLogger, EXIT_CODE, LarderError, shareOfOpenFiles } from '../common/index.ts';
import { DRIVERS, WAIT_ARGUMENT } from '../fuse-client/index.ts';
import type { FuseDriver, MountSpec } from '../fuse-client/index.ts';
import { connect } from '../sdk/index.ts';
import { reportFailed } from './children.ts';
import { reloadOnHangup } from './config/reload.ts';
import { usedSettings, useSettings } from './environment.ts';
import { listInstances, registerInstance, signalInstance } from './instances.ts';
import type { MountProcessSpec } from './mount-process-spec.ts';
import { recordHolder } from './mount-record.ts';
import { openFilesLimit } from './open-files.ts';
import { answerUpgrades } from './upgrade-requests.ts';

/** Kept open by each of two threads: half of the file descriptors at most. */
const OBJECT_FILES = { share: 1 / 4, least: 2, most: 64 };

export async function runMountProcess(
  role: 'internal-holder' | 'internal-server',
  [specFile = '', extra]: readonly string[],
): Promise<void> {
  const spec = readSpec(specFile);
  useSettings(spec.configuration);
  if (role === 'internal-holder') await hold(spec, specFile, extra);
  else await serve(spec, specFile, extra === WAIT_ARGUMENT);
}

/** @param upgradeId of the upgrade that has started this process */
async function hold(spec: MountProcessSpec, specFile: string, upgradeId?: string): Promise<void> {
  const { mountpoint } = spec;
  const log = createLogger({ level: spec.logLevel, role: 'holder' });
  const controller = new AbortController();
  const onSignal = () => {
    controller.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const reloading = reloadOnHangup();
  const answering = answerUpgrades(spec.stateDirectory);
  const { instance, upgrade, report } = recordHolder(spec, { specFile, upgradeId, log });
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
  let failure: LarderError | undefined;
  try {
    const end = await driverOf(spec).hold(mountSpec(spec), {
      signal: controller.signal,
      report,
      upgrades: upgradeId !== undefined,
      onHandOver: (handOver) => {
        answering.ready({ handOver, instance, upgrade, log });
      },
    });
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

async function serve(spec: MountProcessSpec, specFile: string, waits: boolean): Promise<void> {
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
    ...(spec.peerTimeoutMs === undefined ? {} : { hangTimeoutMs: spec.peerTimeoutMs }),
    ...(spec.peerRestMs === undefined ? {} : { hangRestMs: spec.peerRestMs }),
    client: `mount ${mountpoint}`,
  });
  await driverOf(spec).serve(mountSpec(spec), {
    log,
    waits,
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
  const { mountpoint, dataset, version, how, serverCommand, holderCommand } = spec;
  const { hungAfterMs, readsFailAfterMs } = spec;
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
    timings: {
      silenceMs: hungAfterMs,
      heartbeatMs: Math.max(10, hungAfterMs / 10),
      giveUpMs: readsFailAfterMs,
    },
  };
}
