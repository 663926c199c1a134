/**
 * What tells that a file of a directory origin is still the same: device, inode and ctime, next to its
 * size and mtime.
 *
 * Weak: content that changes twice within one tick of the file system's clock (4 ms on many kernels)
 * is not seen.
 */
import type { BigIntStats } from 'node:fs';
import type { ObjectIdentity } from '../../common/index.ts';

/** Device u64, inode u64, ctime seconds i64, ctime nanoseconds u32; little endian. */
const IDENTITY_BYTES = 28;
const NS_PER_S = 1_000_000_000n;

export function identityOf(stats: BigIntStats): Buffer {
  const bytes = Buffer.allocUnsafe(IDENTITY_BYTES);
  const ctime = splitNs(stats.ctimeNs);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, stats.dev), 0);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, stats.ino), 8);
  bytes.writeBigInt64LE(ctime.seconds, 16);
  bytes.writeUInt32LE(ctime.ns, 24);
  return bytes;
}

export function mtimeOf(stats: BigIntStats): { mtimeS: number; mtimeNs: number } {
  const { seconds, ns } = splitNs(stats.mtimeNs);
  return { mtimeS: Number(seconds), mtimeNs: ns };
}

/** What differs between a file and what a version says of it, or undefined. */
export function difference(stats: BigIntStats, object: ObjectIdentity): string | undefined {
  if (!stats.isFile()) return 'no longer a regular file';
  if (Number(stats.size) !== object.sizeBytes) return 'size';
  const { mtimeS, mtimeNs } = mtimeOf(stats);
  if (mtimeS !== object.mtimeS || mtimeNs !== object.mtimeNs) return 'mtime';
  const { validator } = object;
  const same = validator.kind === 'file' && identityOf(stats).equals(validator.identity);
  return same ? undefined : 'device, inode or ctime';
}

/** Before 1970 too: the nanoseconds are never negative. */
function splitNs(totalNs: bigint): { seconds: bigint; ns: number } {
  const ns = ((totalNs % NS_PER_S) + NS_PER_S) % NS_PER_S;
  return { seconds: (totalNs - ns) / NS_PER_S, ns: Number(ns) };
}
