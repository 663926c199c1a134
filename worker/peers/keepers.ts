/** Who else has an object, as far as this worker was told. */
import type { PlacementMember } from '../../common/index.ts';

export interface Keepers {
  /** Members that said that they have (part of) this object; nearest first. */
  keepersOf(objectId: string): readonly PlacementMember[];
  /**
   * Whether every live member has said what it has of what this worker owns, for the placement as it is.
   * Until then those that owned it before are asked before the origin is.
   */
  isSettled(objectId: string): boolean;
}

/** Nobody was told of anything. */
export const noKeepers: Keepers = {
  keepersOf: () => [],
  isSettled: () => true,
};
