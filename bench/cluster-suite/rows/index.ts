/** In the order in which they run. */
import type { ClusterRow } from '../row.ts';
import { amplification } from './amplification.ts';
import { everyoneAll, everyoneDefault, everyoneGrowth } from './everyone.ts';
import { killedWorker, stoppedWorker } from './failing-worker.ts';
import { heldMemory } from './held-memory.ts';
import { joining } from './joining.ts';
import { masterAway } from './master-away.ts';
import { peerStream } from './peer-stream.ts';
import { placement } from './placement.ts';
import { report } from './report.ts';
import { smallFiles } from './small-files.ts';

export const CLUSTER_ROWS: readonly ClusterRow[] = [
  amplification,
  peerStream,
  smallFiles,
  everyoneAll,
  everyoneDefault,
  everyoneGrowth,
  joining,
  killedWorker,
  stoppedWorker,
  masterAway,
  placement,
  report,
  heldMemory,
];
