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
  /** Whether this worker keeps an object though another one owns it, who sends readers here. */
  isMine(ref: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): boolean;
  /** The owner of an object says that this worker is to keep it. */
  take(ref: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): void;
  /** Whether anybody may have an object of the dataset, and not only those that owned it. */
  isScattered(datasetId: number): boolean;
}

/** Nobody was told of anything. */
export const noKeepers: Keepers = {
  keepersOf: () => [],
  isSettled: () => true,
  isMine: () => false,
  take: () => undefined,
  isScattered: () => false,
};
