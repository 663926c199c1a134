/** Reads that are answered from the disk or the origin, and what is fetched besides. */
export type { Brought } from './bring.ts';
export { notKept } from './completion.ts';
export { ObjectReader } from './object-reader.ts';
export type { BringOptions, ObjectReaderOptions, ReaderCounters } from './reader-options.ts';
export { SiblingPasses } from './sibling-passes.ts';
export type { Found, SiblingPassesOptions } from './sibling-passes.ts';
