/** The files of a test's dataset, whose bytes every process can compute. */
import { patternBytes } from '../s3/index.ts';

export interface TestFile {
  /** Below the dataset's prefix. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly seed: number;
}

/** A prime; each seed costs every process 1 MiB of memory. */
const SEEDS = 13;

/** Of about that size, none a whole number of chunks; neighbours differ in their bytes. */
export function testFiles(count: number, sizeBytes: number, folder = 'f'): TestFile[] {
  return Array.from({ length: count }, (_, i) => ({
    path: `${folder}/${String(i).padStart(6, '0')}`,
    sizeBytes: sizeBytes + (i % 7),
    seed: i % SEEDS,
  }));
}

export function totalBytes(files: readonly TestFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

export function isRight(file: TestFile, offsetBytes: number, bytes: Buffer): boolean {
  return bytes.equals(patternBytes(file.seed, offsetBytes, bytes.length));
}
