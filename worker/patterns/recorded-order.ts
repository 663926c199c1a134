/** An order that came again: what is read next is known from it, without a plan. */

export interface RecordedOrder {
  readonly datasetId: number;
  readonly version: number;
  /** Ordinals in the order of their first touch in the last whole pass. Not to be changed. */
  readonly ordinals: Uint32Array;
  /** Where the pass that is under way is: so many objects of it were touched. */
  readonly cursor: number;
}
