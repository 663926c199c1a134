/** `larder worker`: runs a worker until SIGTERM or Ctrl-C. */
import path from 'node:path';
import { EXIT, formatBytes, LarderError } from '../../common/index.ts';
import type { SettingValues, SizeValue } from '../../common/index.ts';
import { startWorker } from '../../worker/index.ts';
import { reportReady } from '../children.ts';
import { reloadOnHangup } from '../config/reload.ts';
import { aborted, createContext } from '../context.ts';
import { groupOf } from '../environment.ts';
import { isSet, masterAddress, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { makeDirectory } from '../directories.ts';
import { registerInstance } from '../instances.ts';
import { metricsServer } from '../metrics.ts';
import { openFilesLimit } from '../open-files.ts';
import { packageVersion } from '../package-version.ts';

export async function worker(_: string[], flags: Flags): Promise<number> {
  const reloading = reloadOnHangup();
  const { output, environment, log, signal } = createContext({
    json: isSet(flags, 'json'),
    role: 'worker',
    reloads: true,
  });
  const master = masterAddress(flags, environment);
  const { settings } = environment;
  const cacheDirs = environment.workerHomes.map((home) => path.resolve(home));
  // One that somebody named is on a disk that may not be mounted: it is not made.
  if (settings.cacheDir === undefined) {
    for (const home of cacheDirs) makeDirectory(home, 'CACHE_DIR_UNUSABLE');
  }
  const socket = path.resolve(
    settings.workerSocket ?? path.join(environment.runtimeDirectory, 'worker.sock'),
  );
  makeDirectory(path.dirname(socket), 'CACHE_DIR_UNUSABLE');
  await using running = await startWorker({
    master,
    cacheDirs,
    capacities: capacities(cacheDirs, settings.cacheSize),
    ...cacheOptions(settings),
    listen: settings.workerListen,
    socket,
    socketMode: socketMode(flags),
    insecure: settings.insecure,
    openFiles: openFilesLimit(),
    maxConnections: settings.maxConnections,
    readMemoryBytes: settings.readMemory,
    transitBytes: settings.transitMemory,
    servingThreads: settings.servingThreads,
    ...sourceOptions(settings),
    reportMs: settings.reportInterval,
    softwareVersion: packageVersion(),
    log,
  });
  await using metrics = await metricsServer('worker', settings.workerMetricsListen, {
    insecure: settings.insecure,
    read: () => running.readings,
  });
  const instance = registerInstance({
    role: 'worker',
    group: groupOf(),
    master,
    socket,
    ...(cacheDirs[0] === undefined ? {} : { cacheDir: cacheDirs[0] }),
    disks: running.disks,
  });
  running.onDisksChanged(() => {
    instance.update({ disks: running.disks });
  });
  reloading.ready({
    user: 'worker',
    log,
    instance,
    apply: (values) => running.setCapacities(capacities(cacheDirs, values.cacheSize)),
  });
  output.note(
    `larder worker: master ${master}, ${formatBytes(running.capacityBytes)} in ${cacheDirs.join(', ')}, ` +
      `data on ${running.dataAddress} and ${socket}`,
  );
  const ready = { dataAddress: running.dataAddress, socket, ...metrics.ready };
  output.result(ready, '');
  reportReady(ready);
  await aborted(signal);
  instance.remove();
  return EXIT.ok;
}

function cacheOptions(settings: SettingValues) {
  return {
    diskHungAfterMs: settings.diskHungAfter,
    diskErrorLimit: settings.diskErrors,
    diskRetryMs: settings.diskRetry,
    scrubBytesPerSecond: settings.scrubRate,
    rateWindowMs: settings.readRateWindow,
  };
}

function sourceOptions(settings: SettingValues) {
  return {
    originConnections: settings.originConnections,
    originRestMs: settings.originRest,
    moveBytesPerSecond: settings.moveRate,
    peerTimeoutMs: settings.peerTimeout,
    peerRestMs: settings.peerRest,
  };
}

/**
 * What each directory may take; undefined for what is free.
 *
 * @throws {LarderError} `INVALID_ARGUMENT`
 */
function capacities(
  cacheDirs: readonly string[],
  sizes: readonly SizeValue[] = ['auto'],
): (number | undefined)[] {
  if (sizes.length !== 1 && sizes.length !== cacheDirs.length) {
    const expected = 'one size for all cache directories, or one for each';
    throw new LarderError('INVALID_ARGUMENT', {
      option: '--cache-size',
      sizes: sizes.length,
      directories: cacheDirs.length,
      expected,
    });
  }
  return cacheDirs.map((_, i) => {
    const size = sizes.length === 1 ? sizes[0] : sizes[i];
    return typeof size === 'number' ? size : undefined;
  });
}

/** @throws {LarderError} `INVALID_ARGUMENT` */
function socketMode(flags: Flags): number {
  const value = text(flags, 'socketMode') ?? '0600';
  const known = /^0?(600|660|666)$/.exec(value)?.[1];
  if (known !== undefined) return Number.parseInt(known, 8);
  const expected = '0600, 0660 or 0666';
  throw new LarderError('INVALID_ARGUMENT', { option: '--socket-mode', value, expected });
}
