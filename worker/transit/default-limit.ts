/** How much memory is for what passes through, where nobody said. */
import * as os from 'node:os';
import { MIB } from '../../common/index.ts';

/** What is fetched ahead takes half of it: at 100 ms to the first byte that is 1.2 GB/s of an origin. */
const MOST_BYTES = 256 * MIB;
/** In a control group of 512 MiB, 32 MiB: the worker stays below it with that. */
const SHARE = 1 / 16;

/** Of what the process may have: all of the machine's, or what its control group allows. */
export function defaultTransitBytes(
  mayHaveBytes = Math.min(os.totalmem(), process.constrainedMemory() || Infinity),
): number {
  return Math.min(MOST_BYTES, Math.floor(mayHaveBytes * SHARE));
}
