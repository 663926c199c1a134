/** What each worker is expected to hold, computed by workers and master alike. */
export { BlockIndex } from './block-index.ts';
export { buildBlockIndex } from './build.ts';
export { bestThreshold, FULL_THRESHOLD, isPredictable, ownersOf, predict } from './predict.ts';
export type { Owners, Prediction } from './predict.ts';
export { Turns } from './turns.ts';
