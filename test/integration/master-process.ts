/** A master in a process of its own, for tests that kill it. Prints its address. */
import { silentLogger } from '../../common/index.ts';
import { startMaster } from '../../master/index.ts';
import { FAST } from './master-support.ts';

const [dataDir = '', listen = '127.0.0.1:0', given = '{}'] = process.argv.slice(2);
const slow = { watcherGraceMs: 10_000, preloadStallMs: 20_000 };
const times = { ...FAST, ...slow, ...(JSON.parse(given) as object) };
const master = await startMaster({ dataDir, listen, log: silentLogger, times });
process.stdout.write(`${master.address}\n`);
