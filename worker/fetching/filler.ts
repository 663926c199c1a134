/** What takes the bytes of a run in order: to the object's file (`BlockFiller`), or to memory (`TransitFiller`). */
export interface Filler {
  /** In the object: where the next bytes belong. */
  readonly positionBytes: number;
  readonly endBytes: number;
  /** In the object: everything of the blocks before it is in the file, if not yet held. */
  readonly writtenBytes: number;
  /** Of blocks that are held because of this. */
  readonly heldBytes: number;
  readonly failed: boolean;
  /** CRC32 of a chunk before `writtenBytes`; undefined once its block is held. */
  checksum(chunk: number): number | undefined;
  /**
   * Takes a copy of the next bytes.
   *
   * @returns undefined, or a promise that resolves when there is room for more
   * @throws {LarderError} `ORIGIN_BAD_RESPONSE` where they go beyond the last block
   */
  take(bytes: Buffer): Promise<void> | undefined;
  /** Resolves when nothing of it is under way. What is not whole by then is let go. */
  settled(): Promise<void>;
}

export const TOO_MANY_BYTES = { reason: 'more bytes than asked for' } as const;
