/** The worker: object store, origins, fetching, data plane, membership. */
export type { DiskStatus } from './store/index.ts';
export { startWorker } from './worker.ts';
export type { Worker, WorkerOptions } from './worker-options.ts';
