/** How datasets are read: seen, named, and recorded. */
export type { Pattern, PatternKind } from './classify.ts';
export { Patterns } from './patterns.ts';
export type { DatasetPattern, TouchedVersion } from './patterns.ts';
export type { RecordedOrder } from './recorded-order.ts';
