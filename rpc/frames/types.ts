/**
 * The frames of the data plane, between readers and workers, over TCP and over a Unix socket.
 *
 * A header of 16 bytes, little-endian: magic u16, version u8, type u8, request id u32, body length
 * u32, CRC32 of the first 12 bytes. What follows depends on the type. Frames that are rare have a
 * JSON body, so that they can grow; frames that carry bytes are binary.
 *
 * A request id is chosen by the client and unique among its requests in flight; 0 is for notices.
 * Numbers are never given another meaning: golden bytes in test/golden/frames.
 */
import type { CompleteDirectory } from '../../common/index.ts';

export const FRAME_MAGIC = 0x444c;
export const FRAME_VERSION = 1;

export const FRAME = {
  /** Client: the first frame. JSON `Hello`. */
  HELLO: 1,
  /** Server: the answer. JSON `Welcome`. */
  WELCOME: 2,
  /** Client: a range of a file. Answered by DATA… END, or REDIRECT, MOVED, BUSY, ERROR. */
  READ: 3,
  /** Server: at most one chunk of bytes, with a CRC bound to object, offset and length. */
  DATA: 4,
  /** Server: the last answer to a READ. No body. */
  END: 5,
  /** Server: a keeper has it. JSON `Redirect`. */
  REDIRECT: 6,
  /** Server: the request was computed with an old placement. JSON `Moved`. */
  MOVED: 7,
  /** Server: ask again later. JSON `Busy`. */
  BUSY: 8,
  /** Server: JSON `ErrorBody`. */
  ERROR: 9,
  /** Client: the answer to the request with this id is no longer wanted. No body, no answer. */
  CANCEL: 10,
  /** Client: how much of a file is held. Answered by HELD_STATE. */
  HELD: 11,
  /** Server: JSON `HeldStateBody`. */
  HELD_STATE: 12,
  /** Client: what a reader on this node needs of a version. Answered by VERSION. */
  OPEN_VERSION: 13,
  /** Server: JSON `VersionBody`. */
  VERSION: 14,
  /** Client: bring a range of a manifest to the node's disk. Answered by END. */
  MANIFEST: 15,
  /** Server, notice: an object was evicted; 20 bytes of object id. */
  EVICTED: 16,
  /** Client, notice: an object is open (1) or closed (0) here; 20 bytes of object id, u8. */
  OPEN_STATE: 17,
  /**
   * Client: whole files of one version, in one request. Answered, file by file in the order of the request, by
   * DATA… ITEM, and then END; or by ERROR.
   */
  READ_MANY: 18,
  /** Client, notice: bytes of a file that were read from this node's disk without asking. */
  TOUCHED: 19,
  /**
   * Client on the same node, with the body of READ: bring the range to disk, I read the file myself.
   * Answered by HELD_AT, MOVED or ERROR.
   */
  HOLD: 20,
  /** Server: JSON `HeldAt`. */
  HELD_AT: 21,
  /**
   * Client, notice: a process on its node has mapped a file, and faulted at an offset that is not there.
   * Address, u64.
   */
  MAPPED: 22,
  /**
   * Worker to worker: I hold these, and you are to have them. Answered by END. With the flag: of what I
   * hold, everything that you are to have by this placement has been offered.
   */
  OFFER: 23,
  /** Worker to worker: I have these now; with the flag: I have no room for them. Answered by END. */
  TAKEN: 24,
  /**
   * Worker to worker: a reader on my node is about to read this; with the flag: I keep it, if nobody has it.
   * Answered by CLAIMED.
   */
  CLAIM: 25,
  /** Worker to worker: who has it, or is to. JSON `Claimed`. */
  CLAIMED: 26,
  /** Client: are you there. No body; answered by END at once. */
  PING: 30,
  /** Server: one file of a READ_MANY is whole (no body), or why it cannot be had (JSON `ErrorBody`). */
  ITEM: 50,
  /** Server, notice: the worker's disks are others now: what VERSION said of directories is to be asked anew. */
  DISKS_CHANGED: 51,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export interface Hello {
  readonly protocol: number;
  /** Who asks, for logs. */
  readonly client: string;
  /** The worker on the node of whoever asks, where there is one. */
  readonly worker?: string;
}

export interface Welcome {
  readonly protocol: number;
  readonly workerId: string;
}

export interface FileAddress {
  readonly datasetId: number;
  readonly version: number;
  readonly ordinal: number;
}

export interface HeldRequest {
  readonly address: FileAddress;
  /** Which part of the file; default all of it. */
  readonly range?: { readonly offsetBytes: number; readonly lengthBytes: number };
}

export interface ReadRequest extends FileAddress {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Whether the receiver may read the origin for it. */
  readonly mayFetch: boolean;
  /** The placement number it was computed with. */
  readonly placement: number;
  /** How long the sender waits for the whole answer. */
  readonly deadlineMs: number;
  /** How many workers have passed it on; 0 from a reader. At most 255. */
  readonly hops?: number;
  /**
   * Bytes that came as an answer before failed their check: the receiver checks its own copy, and gives up what
   * is damaged.
   */
  readonly verify?: boolean;
}

/** As it comes: without the flag nobody has passed it on. */
export interface ReceivedRead extends ReadRequest {
  readonly hops: number;
}

export interface ReadManyRequest extends VersionRequest {
  /** Of the files, in the order in which they are answered: at most `MAX_READ_MANY_FILES`. */
  readonly ordinals: readonly number[];
  /** Whether the receiver may read the origin for them. */
  readonly mayFetch: boolean;
  /** The placement number it was computed with. */
  readonly placement: number;
  /** How long the sender waits for the whole answer. */
  readonly deadlineMs: number;
}

/** What was read of a file without asking: the span that the reads cover, and their bytes in all. */
export interface Touched {
  readonly address: FileAddress;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly bytes: number;
}

/** Where a process that has mapped a file faulted. */
export interface Mapped {
  readonly address: FileAddress;
  readonly offsetBytes: number;
}

/** Entries of one version that are to move, or have moved, and who says so. */
export interface MoveList extends VersionRequest {
  readonly workerId: string;
  /** The placement number it was computed with. */
  readonly placement: number;
  readonly flag: boolean;
  readonly ordinals: readonly number[];
}

export interface DataPiece {
  readonly offsetBytes: number;
  readonly crc: number;
  readonly bytes: Buffer;
}

export interface Redirect {
  readonly workerId: string;
  readonly dataAddress: string;
}
export interface Claimed {
  readonly workerId: string;
}
export interface Moved {
  readonly placement: number;
}
export interface Busy {
  readonly retryAfterMs: number;
}
export interface ErrorBody {
  readonly code: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}
export interface HeldStateBody {
  readonly heldBytes: number;
  readonly complete: boolean;
}
/** Where the bytes are that were asked for, and those that follow them. */
export interface HeldAt {
  /** Of the object's file, while it has its working name. */
  readonly incarnation: number;
  /** Everything from the start of the range to here is in the file. */
  readonly toBytes: number;
  /** Of the disk that the file is on. */
  readonly completeDirectory?: string | undefined;
}
export interface VersionRequest {
  readonly datasetId: number;
  readonly version: number;
}
export interface VersionBody {
  /** Of the manifest on the worker's disk. */
  readonly manifestPath: string;
  readonly manifestBytes: number;
  readonly manifestPercent: number;
  /** Where complete objects lie as `ab/cd/<object id>`: the first of the directories; empty where there is none. */
  readonly completeDirectory: string;
  /** One on each good disk of the worker; releases before 0.2 had one disk, and do not say. */
  readonly completeDirectories?: readonly CompleteDirectory[];
}
export interface ManifestRequest extends VersionRequest {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}
