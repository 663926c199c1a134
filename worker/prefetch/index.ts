/** What is read from origins before it is needed, and how fast origins are read at all. */
export { OriginBudgets } from './origin-budgets.ts';
export type { OriginDemand, OriginShare } from './origin-budgets.ts';
export { Prefetch } from './prefetch.ts';
