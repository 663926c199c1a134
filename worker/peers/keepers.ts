/** Who else has an object, as far as this worker was told. */
import type { ObjectRef, PlacementMember } from '../../common/index.ts';

export interface Keepers {
  /** Members that said that they have (part of) this object. */
  keepersOf(ref: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): readonly PlacementMember[];
  /**
   * Whether every live member has said what it has of what this worker owns, for the placement as it is.
   * Until then those that owned it before are asked before the origin is.
   */
  isSettled(): boolean;
}

/** Nobody was told of anything. */
export const noKeepers: Keepers = {
  keepersOf: () => [],
  isSettled: () => true,
};
