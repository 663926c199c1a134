/** A serving thread that dies as soon as there is a file `crash` in its cache directory. */
import fs from 'node:fs';
import path from 'node:path';
import { workerData } from 'node:worker_threads';

const { completeDirectories } = workerData as { readonly completeDirectories: readonly string[] };
const order = path.join(path.dirname(completeDirectories[0] ?? ''), 'crash');

setInterval(() => {
  if (!fs.existsSync(order)) return;
  fs.rmSync(order, { force: true });
  throw new Error('a serving thread was told to crash');
}, 20);

await import('../../worker/serving/serving-thread.ts');
