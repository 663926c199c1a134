/** The master: catalog, manifests, membership, placement, reports, preloads. */
export { startMaster } from './master.ts';
export type { Master } from './master.ts';
export type { StagedDataset, StagedJob, StageRequest, Stages, StageState } from './stages.ts';
export type { MasterOptions, MasterTimes } from './options.ts';
export { LmdbStore } from './lmdb-store.ts';
export type { CatalogSnapshot, CatalogStore, CounterName } from './catalog-store.ts';
