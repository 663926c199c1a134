/** Objects that move between workers. */
export { dutiesOf, stripesOf } from './duties.ts';
export type { CopiedObject, Wanted } from './duties.ts';
export { Moves } from './moves.ts';
export type { MoveCounters, MovesOptions } from './moves.ts';
