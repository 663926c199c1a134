/** Threads that serve complete objects. */
export { ManyReads } from './many-reads.ts';
export { defaultThreads, divideMemory, serveByThreads } from './serve.ts';
export type { ServingThreads } from './serving-threads.ts';
