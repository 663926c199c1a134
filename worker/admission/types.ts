/** The words of admission: what is asked of it, and what it answers. */

/**
 * Kept: what the hash band or the look-ahead names. Transit: what passes through, and goes first. Replica:
 * further copies of what others own, in room that is to spare.
 */
export type Region = 'kept' | 'transit' | 'replica';

/**
 * Kept: the region is full. Quota: what the dataset may have at most is there. Total: the disk is full. Spare:
 * there is nothing to spare for a replica.
 */
export type Shortage = 'kept' | 'quota' | 'total' | 'spare';

/** Why an object is where it is. */
export type PlaceReason =
  /** Above the threshold, while there is room. */
  | 'fits'
  | 'below threshold'
  | 'above threshold'
  /** Of what is known of the plans. */
  | 'sooner use'
  | 'later use'
  /** The dataset has all that it may. */
  | 'over quota'
  | 'pinned'
  | 'kept until'
  | 'replica'
  /** For a further copy. */
  | 'nothing to spare'
  /** Larger than the kept region. */
  | 'too large';

/** Why an object goes. */
export type EvictionReason =
  /** It was passing through. */
  | 'transit'
  | 'replica'
  | 'above threshold'
  | 'later use'
  /** Its dataset has more than its quota, which is another's by now. */
  | 'over quota'
  /** The region is full of what lies below the threshold: it was too high. */
  | 'threshold lowered';

export interface Decision {
  readonly region: Region;
  readonly reason: PlaceReason;
}

export interface Capacity {
  readonly capacityBytes: number;
  /** Each object is a file, and a file is an inode. */
  readonly capacityObjects: number;
}

/** Which object, as far as admission must know. */
export interface Described {
  readonly datasetId: number;
  /** In the dataset: names the object. */
  readonly firstBlock: number;
  /** Band hash of its key. */
  readonly band: number;
}

/** The dataset of a newcomer for which anything may go: the capacity is smaller now, or the disk is full. */
export const ANYONE = -1;

export interface Placed extends Described {
  readonly region: Region;
}

export interface Newcomer extends Placed {
  /** What is to be written, on top of what the object has. */
  readonly bytes: number;
  /** 1 for an object that has no file yet. */
  readonly objects: number;
}

/** What is fetched ahead of readers. */
export interface AheadUse {
  /** Under way: no room is reserved for it yet, or just so. */
  readonly comingBytes: number;
  readonly comingObjects: number;
  /** Under way, or there and not yet read. */
  readonly aheadBytes: number;
  /** It is known that it will be read, as an order is that came before; not guessed. */
  readonly isKnown: boolean;
  /** Where there is memory for what only passes through; unset: that goes through the disk. */
  readonly memory?: MemoryAhead | undefined;
}

/** For what is fetched ahead, and passes through. */
export interface MemoryAhead {
  /** At most. */
  readonly mostBytes: number;
  /** Now. */
  readonly freeBytes: number;
}

/**
 * `none`: it could only come in the place of something that is kept. `later`: there is as much ahead as
 * may be.
 */
export type RoomAhead = 'room' | 'none' | 'later';

export interface Candidate extends Described {
  readonly objectId: string;
  readonly open: boolean;
}

export interface Victim {
  readonly objectId: string;
  readonly reason: EvictionReason;
}

/** What could be evicted, as the store has it. */
export interface EvictionOrder {
  /** The longest there first. */
  transit(): Iterable<Candidate>;
  /** The highest band hash first. */
  replica(): Iterable<Candidate>;
  /** Of one dataset, the highest band hash first; from a band hash downwards where one is given. */
  kept(datasetId: number, fromBand?: number): Iterable<Candidate>;
}
