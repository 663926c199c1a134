/** How datasets are read: seen, named, and recorded. */
export { classify } from './classify.ts';
export type { Pattern, PatternKind } from './classify.ts';
export { Passes } from './passes.ts';
export { Patterns } from './patterns.ts';
export type { DatasetPattern, TouchedVersion } from './patterns.ts';
export type { RecordedOrder } from './recorded-order.ts';
