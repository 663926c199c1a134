/** Ranges of bytes and the blocks that they touch. */
import { blockLength, blocksOf, STRIPE_BYTES } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { ByteRange } from './read-pattern.ts';

export interface BlockSpan {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

export function blocksIn(range: ByteRange, ref: Pick<ObjectRef, 'blockSizeBytes'>): BlockSpan {
  return blocksOf(range.fromBytes, range.toBytes - range.fromBytes, ref.blockSizeBytes);
}

/** Larger objects are owned by stripes: nothing beyond the one that is read is fetched unasked. */
export function stripeAround(ref: ObjectRef, offsetBytes: number): ByteRange {
  if (ref.sizeBytes <= STRIPE_BYTES) return { fromBytes: 0, toBytes: ref.sizeBytes };
  const fromBytes = offsetBytes - (offsetBytes % STRIPE_BYTES);
  return { fromBytes, toBytes: Math.min(ref.sizeBytes, fromBytes + STRIPE_BYTES) };
}

/** Empty beyond the end of the object. */
export function stripeRange({ sizeBytes }: ObjectRef, stripe: number): ByteRange {
  const fromBytes = stripe * STRIPE_BYTES;
  return { fromBytes, toBytes: Math.min(sizeBytes, fromBytes + STRIPE_BYTES) };
}

export function clip(range: ByteRange, bounds: ByteRange): ByteRange {
  return {
    fromBytes: Math.max(range.fromBytes, bounds.fromBytes),
    toBytes: Math.min(range.toBytes, bounds.toBytes),
  };
}

export function blockBytes(ref: ObjectRef, block: number): number {
  return blockLength(block, ref.sizeBytes, ref.blockSizeBytes);
}
