/** In the order in which they run. */
import type { PolicyRow } from '../row.ts';
import { shuffledDaemon, shuffledPassthrough, shuffledSdk } from './shuffled.ts';

export const POLICY_ROWS: readonly PolicyRow[] = [shuffledSdk, shuffledDaemon, shuffledPassthrough];
