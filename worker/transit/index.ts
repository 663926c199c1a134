/** What is not kept, on its way through this worker's memory. */
export { TransitLine } from './transit-line.ts';
export { TransitMemory } from './transit-memory.ts';
export type { TransitCounters } from './transit-memory.ts';
