/** In the order in which they run. */
import type { PolicyRow } from '../row.ts';
import { hot } from './hot.ts';
import { partitioned, repeated, replay } from './repeated.ts';
import { shuffledDaemon, shuffledPassthrough, shuffledSdk } from './shuffled.ts';

export const POLICY_ROWS: readonly PolicyRow[] = [
  shuffledSdk,
  shuffledDaemon,
  shuffledPassthrough,
  repeated,
  replay,
  partitioned,
  hot,
];
