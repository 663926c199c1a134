/**
 * Room for the bytes of a run, before anything of it is fetched: on the disk for what is kept, in memory for what only
 * passes through.
 *
 * Where memory is full, what passes through goes to the disk, as long as nothing leaves that for it which somebody has
 * open: it may not have been read yet. Else it waits a moment: others make room by reading on. What nobody waits for is
 * not worth any of that, and is not fetched.
 */
import type { ObjectRef } from '../../common/index.ts';
import { isDropped, isPassing } from '../store/index.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import type { TransitLine, TransitMemory } from '../transit/index.ts';

export interface RoomOptions {
  readonly store: ObjectStore;
  readonly stored: StoredObject;
  readonly transit: TransitMemory;
  readonly transitLine: TransitLine;
  readonly ref: ObjectRef;
  readonly first: number;
  /** One past the last block. */
  readonly end: number;
}

export interface RoomFor {
  readonly bytes: number;
  /** Somebody waits for them. */
  readonly isAwaited: boolean;
  readonly signal: AbortSignal;
}

/**
 * `later`: there is none in memory, and nobody waits for the bytes; or the object was dropped meanwhile, and whoever waits
 * asks again.
 */
export type Room = 'memory' | 'disk' | 'none' | 'later';

export async function makeRoom(options: RoomOptions, room: RoomFor): Promise<Room> {
  const { store, stored, transit } = options;
  const { bytes } = room;
  if (transit.isOn && isPassing(stored)) return await roomToPass(options, room);
  if (!(await store.reserve(stored, bytes, { sparesOpen: transit.isOn }))) {
    // It was to be kept, and there turned out to be no room for it among what is.
    if (transit.isOn && isPassing(stored)) return await roomToPass(options, room);
    return isDropped(stored) ? 'later' : 'none';
  }
  if (!isPassing(stored)) return 'disk';
  if (transit.isOn) {
    store.giveBack(stored, bytes);
    return await roomToPass(options, room);
  }
  transit.spilled(bytes);
  return 'disk';
}

async function roomToPass(options: RoomOptions, room: RoomFor): Promise<Room> {
  const { store, stored, transit, transitLine, ref, first, end } = options;
  const { bytes, isAwaited, signal } = room;
  const span = { first, end };
  if (transitLine.isEmpty && transit.reserve(ref, span, !isAwaited)) return 'memory';
  if (!isAwaited) return 'later';
  const mayFit = transit.mayHold(ref, span);
  if (!(await store.reserve(stored, bytes, { sparesOpen: mayFit }))) {
    if (mayFit && (await transitLine.wait(ref, span, signal))) return 'memory';
    return isDropped(stored) ? 'later' : 'none';
  }
  transit.spilled(bytes);
  return 'disk';
}
