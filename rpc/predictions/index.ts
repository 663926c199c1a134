/** Block indexes as files of a node: made by masters and workers alike. */
export { BlockIndexes } from './block-indexes.ts';
export type { IndexedVersion } from './block-indexes.ts';
