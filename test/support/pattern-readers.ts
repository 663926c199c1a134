/** Large files of an S3 origin that are all read at once, and whether their bytes were right. */
import path from 'node:path';
import { TEST_CREDENTIALS } from './larder.ts';
import { patternBytes, startS3Server } from './s3/index.ts';
import type { S3Server } from './s3/index.ts';
import { digest, sha256 } from './trees.ts';

export interface PatternFiles {
  readonly count: number;
  readonly sizeBytes: number;
}

/** A bucket `b` with the files `f0`, `f1`, …, each with other bytes. */
export async function startPatternOrigin({ count, sizeBytes }: PatternFiles): Promise<S3Server> {
  const s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  for (let i = 0; i < count; i += 1) {
    s3.put('b', `f${String(i)}`, { kind: 'pattern', sizeBytes, seed: i });
  }
  return s3;
}

/** Reads all of them at once. @returns those whose bytes were wrong */
export async function readAllAtOnce(
  mountpoint: string,
  { count, sizeBytes }: PatternFiles,
): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `f${String(i)}`);
  const sums = await Promise.all(names.map((name) => sha256(path.join(mountpoint, name))));
  return names.filter((_, i) => sums[i] !== digest(patternBytes(i, 0, sizeBytes)));
}
