/** Reads files of a dataset, several at a time, and compares them. */
import { isRight } from './files.ts';
import type { TestFile } from './files.ts';

export interface ReadPlan {
  /** NAME or NAME@v1; of a mount where it is. */
  readonly dataset: string;
  readonly files: readonly TestFile[];
  /** Files at a time; default 8. */
  readonly readers?: number;
  /** Between two files of one reader; default 0. */
  readonly pauseMs?: number;
}

export interface ReadReport {
  readonly bytes: number;
  /** Files whose bytes or length were not right. */
  readonly wrong: readonly string[];
  readonly failed: readonly {
    readonly path: string;
    readonly code: string;
    readonly why: string;
  }[];
  readonly slowestMs: number;
  readonly elapsedMs: number;
}

export async function readAll(
  plan: ReadPlan,
  read: (file: TestFile) => Promise<Buffer>,
): Promise<ReadReport> {
  const { files, readers = 8, pauseMs = 0 } = plan;
  const wrong: string[] = [];
  const failed: { path: string; code: string; why: string }[] = [];
  let [bytes, slowestMs, next] = [0, 0, 0];
  const since = performance.now();
  const one = async (file: TestFile): Promise<void> => {
    const begun = performance.now();
    try {
      const content = await read(file);
      bytes += content.length;
      if (content.length !== file.sizeBytes || !isRight(file, 0, content)) wrong.push(file.path);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      failed.push({ path: file.path, code, why: String(error) });
    }
    slowestMs = Math.max(slowestMs, performance.now() - begun);
  };
  const reader = async (): Promise<void> => {
    for (let file = files[next++]; file !== undefined; file = files[next++]) {
      await one(file);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  return { bytes, wrong, failed, slowestMs, elapsedMs: performance.now() - since };
}
