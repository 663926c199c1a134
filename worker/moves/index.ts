/** Objects that move between workers. */
export { Moves } from './moves.ts';
export type { MoveCounters, MovesOptions } from './moves.ts';
