/** Threads that serve complete objects. */
export { defaultThreads, divideMemory, serveByThreads } from './serve.ts';
export type { ServingThreads } from './serving-threads.ts';
