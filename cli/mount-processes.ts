/**
 * The two processes of a mount, started by this program for itself: the holder, which keeps /dev/fuse,
 * and the server, which answers. Loads no more than each needs: a server must be back quickly.
 */
import fs from 'node:fs';
import { createLogger, EXIT_CODE, LarderError } from '../common/index.ts';
import { DRIVERS, lacks } from '../fuse-client/index.ts';
import type { FuseDriver, MountEvent, MountSpec } from '../fuse-client/index.ts';
import { connect } from '../sdk/index.ts';
import { reportFailed, reportReady } from './children.ts';
import type { MountFlags } from './flags.ts';
import { registerInstance } from './instances.ts';
import type { MountRecord } from './instances.ts';

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
  readonly holderCommand: readonly string[];
  readonly serverCommand: readonly string[];
}

export async function runMountProcess(
  role: 'internal-holder' | 'internal-server',
  [specFile = '']: readonly string[],
): Promise<void> {
  const spec = JSON.parse(fs.readFileSync(specFile, 'utf8')) as MountProcessSpec;
  if (role === 'internal-holder') await hold(spec);
  else await serve(spec);
}

async function hold(spec: MountProcessSpec): Promise<void> {
  const { mountpoint, dataset, version, master, group } = spec;
  const log = createLogger({ level: spec.logLevel, role: 'holder' });
  const controller = new AbortController();
  const onSignal = () => {
    controller.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', onSignal);
  const driver = driverOf(spec);
  const mount: MountRecord = {
    mountpoint,
    dataset,
    version,
    driver: driver.name,
    lacks: lacks(driver),
    manifestPercent: 0,
  };
  const instance = registerInstance({ role: 'holder', group, mountpoint, master, mount });
  const report = (event: MountEvent) => {
    if (event.kind === 'serving') reportReady({ mountpoint });
    else if (event.kind === 'manifest') {
      instance.update({ mount: { ...mount, manifestPercent: event.percent } });
    } else if (event.kind === 'server-lost' || event.kind === 'busy') log.warn(event, event.kind);
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

async function serve(spec: MountProcessSpec): Promise<void> {
  const { mountpoint, dataset, version, master, workerSocket, stateDirectory, group, host } = spec;
  const log = createLogger({ level: spec.logLevel, role: 'server' });
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
    allowOther: how.allowOther,
    ...(how.recovery === 'slots' ? { recovery: how.recovery } : {}),
    timings: { silenceMs: hungAfterMs, heartbeatMs: Math.max(10, hungAfterMs / 10) },
  };
}
