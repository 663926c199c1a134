/** `larder master`: runs a master until SIGTERM or Ctrl-C. */
import path from 'node:path';
import { EXIT } from '../../common/index.ts';
import type { HttpApi } from '../../http/index.ts';
import { startMaster } from '../../master/index.ts';
import type { Master } from '../../master/index.ts';
import { reportReady } from '../children.ts';
import { reloadOnHangup } from '../config/reload.ts';
import { aborted, createContext } from '../context.ts';
import type { Context } from '../context.ts';
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
  const json = isSet(flags, 'json');
  const context = createContext({ json, role: 'master', reloads: true });
  const { output, environment, log, signal } = context;
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
  await using http = await startHttp(running, context);
  const instance = registerInstance({ role: 'master', group: groupOf(), master: address });
  reloading.ready({
    user: 'master',
    log,
    instance,
    apply: ({ grace }) => {
      running.setGrace(grace);
    },
  });
  const also = http === undefined ? '' : `, HTTP on ${http.address}`;
  output.note(`larder master: listening on ${address}${also}, data in ${dataDir}`);
  const httpReady = http === undefined ? {} : { http: http.address };
  const ready = { address, ...httpReady, ...metrics.ready };
  output.result({ ...ready, dataDir }, '');
  reportReady(ready);
  await aborted(signal);
  instance.remove();
  return EXIT.ok;
}

/** Loaded only where it is asked for: a master takes 115 to 121 MiB of RSS with it, 102 without. */
async function startHttp(
  { address, stages }: Master,
  { environment, log }: Context,
): Promise<HttpApi | undefined> {
  const { httpListen: listen, insecure } = environment.settings;
  if (listen === undefined) return undefined;
  const { startHttpApi } = await import('../../http/index.ts');
  const softwareVersion = packageVersion();
  return await startHttpApi({ listen, insecure, master: address, stages, softwareVersion, log });
}
