/** Offset ↔ block arithmetic: the only place where it is done. */

export interface BlockRange {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

export function blockCount(sizeBytes: number, blockBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes);
}

/** Blocks that [offset, offset + length) touches; empty where the length is 0. */
export function blocksOf(offsetBytes: number, lengthBytes: number, blockBytes: number): BlockRange {
  const first = Math.floor(offsetBytes / blockBytes);
  return {
    first,
    end: lengthBytes === 0 ? first : Math.ceil((offsetBytes + lengthBytes) / blockBytes),
  };
}

/** The length of one block: the last one of an object may be shorter. */
export function blockLength(block: number, sizeBytes: number, blockBytes: number): number {
  return Math.max(0, Math.min(blockBytes, sizeBytes - block * blockBytes));
}

/** How much of a read of `lengthBytes` at `offsetBytes` lies in a file of `sizeBytes`. */
export function clampLength(offsetBytes: number, lengthBytes: number, sizeBytes: number): number {
  return Math.max(0, Math.min(lengthBytes, sizeBytes - offsetBytes));
}
