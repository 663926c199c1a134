/** `larder master`: runs a master until SIGTERM or Ctrl-C. */
import path from 'node:path';
import { EXIT } from '../../common/index.ts';
import { startMaster } from '../../master/index.ts';
import { reportReady } from '../children.ts';
import { reloadOnHangup } from '../config/reload.ts';
import { aborted, createContext } from '../context.ts';
import { groupOf } from '../environment.ts';
import { isSet } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { makeDirectory } from '../directories.ts';
import { registerInstance } from '../instances.ts';
import { metricsServer } from '../metrics.ts';
import { openFilesLimit } from '../open-files.ts';
import { packageVersion } from '../package-version.ts';

export async function master(_: string[], flags: Flags): Promise<number> {
  const reloading = reloadOnHangup();
  const { output, environment, log, signal } = createContext({
    json: isSet(flags, 'json'),
    role: 'master',
    reloads: true,
  });
  const dataDir = path.resolve(environment.masterHome);
  makeDirectory(dataDir, 'DATA_DIR_UNUSABLE');
  await using running = await startMaster({
    dataDir,
    listen: environment.settings.masterListen,
    insecure: environment.settings.insecure,
    openFiles: openFilesLimit(),
    maxConnections: environment.settings.maxConnections,
    softwareVersion: packageVersion(),
    log,
    times: environment.masterTimes,
  });
  const { address } = running;
  const { insecure, masterMetricsListen } = environment.settings;
  await using metrics = await metricsServer('master', masterMetricsListen, {
    insecure,
    read: () => running.readings,
  });
  const instance = registerInstance({ role: 'master', group: groupOf(), master: address });
  reloading.ready({
    user: 'master',
    log,
    instance,
    apply: ({ grace }) => {
      running.setGrace(grace);
    },
  });
  output.note(`larder master: listening on ${address}, data in ${dataDir}`);
  output.result({ address, dataDir, ...metrics.ready }, '');
  reportReady({ address, ...metrics.ready });
  await aborted(signal);
  instance.remove();
  return EXIT.ok;
}
