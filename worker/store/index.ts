/** Objects on disk. */
export type { ScanBatch, ScanRequest } from './dataset-scan.ts';
export type { DiskCounters } from './disk-health.ts';
export type { BlockChange, HeldChange, HeldSource } from './held-totals.ts';
export type { Visited, VisitRequest } from './object-visit.ts';
export { ObjectStore } from './object-store.ts';
export type { DiskStatus } from './disk-status.ts';
export type { ObjectStoreOptions } from './object-store.ts';
export type { CollectRequest } from './references.ts';
export { isDropped, isPassing } from './stored-object.ts';
export type { StoredObject } from './stored-object.ts';
