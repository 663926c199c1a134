/** `larder master`: runs a master until SIGTERM or Ctrl-C. */
import path from 'node:path';
import { EXIT } from '../../common/index.ts';
import { startMaster } from '../../master/index.ts';
import { reportReady } from '../children.ts';
import { aborted, createContext } from '../context.ts';
import { groupOf } from '../environment.ts';
import { isSet, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { makeDirectory } from '../directories.ts';
import { registerInstance } from '../instances.ts';
import { packageVersion } from '../package-version.ts';

export async function master(_: string[], flags: Flags): Promise<number> {
  const { output, environment, log, signal } = createContext({
    json: isSet(flags, 'json'),
    role: 'master',
  });
  const dataDir = path.resolve(text(flags, 'dataDir') ?? environment.masterHome);
  makeDirectory(dataDir, 'DATA_DIR_UNUSABLE');
  await using running = await startMaster({
    dataDir,
    listen: text(flags, 'listen') ?? '127.0.0.1:7400',
    insecure: isSet(flags, 'insecure'),
    softwareVersion: packageVersion(),
    log,
    times: environment.masterTimes,
  });
  const { address } = running;
  const instance = registerInstance({ role: 'master', group: groupOf(), master: address });
  output.note(`larder master: listening on ${address}, data in ${dataDir}`);
  output.result({ address, dataDir }, '');
  reportReady({ address });
  await aborted(signal);
  instance.remove();
  return EXIT.ok;
}
