/** Every row, in the order in which they run and are printed. */
import type { Row } from '../row.ts';
import { COLD_BIG } from './cold-big.ts';
import { ENTRIES } from './entries.ts';
import { SMALL_FILES } from './small-files.ts';
import { WARM_BIG } from './warm-big.ts';

export const ROWS: readonly Row[] = [...WARM_BIG, ...COLD_BIG, ...SMALL_FILES, ...ENTRIES];
