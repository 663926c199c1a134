/** `larder worker`: runs a worker until SIGTERM or Ctrl-C. */
import path from 'node:path';
import { EXIT, formatBytes, LarderError } from '../../common/index.ts';
import { startWorker } from '../../worker/index.ts';
import { reportReady } from '../children.ts';
import { reloadOnHangup } from '../config/reload.ts';
import { aborted, createContext } from '../context.ts';
import { groupOf } from '../environment.ts';
import { isSet, masterAddress, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { makeDirectory } from '../directories.ts';
import { registerInstance } from '../instances.ts';
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
  const cacheDir = path.resolve(environment.workerHome);
  // One that somebody named is on a disk that may not be mounted: it is not made.
  if (settings.cacheDir === undefined) makeDirectory(cacheDir, 'CACHE_DIR_UNUSABLE');
  const socket = path.resolve(
    settings.workerSocket ?? path.join(environment.runtimeDirectory, 'worker.sock'),
  );
  makeDirectory(path.dirname(socket), 'CACHE_DIR_UNUSABLE');
  await using running = await startWorker({
    master,
    cacheDir,
    capacityBytes: settings.cacheSize,
    listen: settings.workerListen,
    socket,
    socketMode: socketMode(flags),
    insecure: settings.insecure,
    openFiles: openFilesLimit(),
    maxConnections: settings.maxConnections,
    readMemoryBytes: settings.readMemory,
    servingThreads: settings.servingThreads,
    originConnections: settings.originConnections,
    moveBytesPerSecond: settings.moveRate,
    peerTimeoutMs: settings.peerTimeout,
    peerRestMs: settings.peerRest,
    originRestMs: settings.originRest,
    reportMs: settings.reportInterval,
    softwareVersion: packageVersion(),
    log,
  });
  const instance = registerInstance({
    role: 'worker',
    group: groupOf(),
    master,
    socket,
    cacheDir,
  });
  reloading.ready({
    user: 'worker',
    log,
    instance,
    apply: (values) => running.setCapacity(values.cacheSize),
  });
  output.note(
    `larder worker: master ${master}, ${formatBytes(running.capacityBytes)} in ${cacheDir}, ` +
      `data on ${running.dataAddress} and ${socket}`,
  );
  const ready = { dataAddress: running.dataAddress, socket };
  output.result(ready, '');
  reportReady(ready);
  await aborted(signal);
  instance.remove();
  return EXIT.ok;
}

/** @throws {LarderError} `INVALID_ARGUMENT` */
function socketMode(flags: Flags): number {
  const value = text(flags, 'socketMode') ?? '0600';
  const known = /^0?(600|660|666)$/.exec(value)?.[1];
  if (known !== undefined) return Number.parseInt(known, 8);
  const expected = '0600, 0660 or 0666';
  throw new LarderError('INVALID_ARGUMENT', { option: '--socket-mode', value, expected });
}
