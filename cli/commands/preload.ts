/** `larder preload`: bring files to the workers' disks, with a bar, and say truthfully what came. */
import { EXIT, formatBytes, printable } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type { PreloadProgress } from '../../sdk/index.ts';
import { createContext } from '../context.ts';
import { isSet, masterAddress } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { progressBar } from '../progress.ts';

const SHOWN_FAILURES = 20;

export async function preload([reference = '', ...paths]: string[], flags: Flags): Promise<number> {
  const { output, environment, signal } = createContext({
    json: isSet(flags, 'json'),
    role: 'cli',
  });
  await using larder = connect({ master: masterAddress(flags, environment), client: 'cli' });
  await using dataset = await larder.datasets.get(reference);
  const bar = progressBar(output, environment, 'Preloading', 'bytes');
  let last: PreloadProgress | undefined;
  try {
    for await (const progress of dataset.preload({ paths, signal })) {
      last = progress;
      bar.update(progress.heldBytes, progress.targetBytes);
    }
  } finally {
    bar.stop();
  }
  if (last === undefined) return EXIT.failure;
  for (const { path, code, message } of last.failures.slice(0, SHOWN_FAILURES)) {
    output.note(printable(`${path}: [${code}] ${message}`));
  }
  output.result(last, summary(last));
  return exitCode(last);
}

function summary({
  state,
  heldBytes,
  targetBytes,
  heldFiles,
  targetFiles,
}: PreloadProgress): string {
  const bytes = `${formatBytes(heldBytes)} of ${formatBytes(targetBytes)}`;
  return `${state}: ${String(heldFiles)} of ${String(targetFiles)} files, ${bytes} held.`;
}

function exitCode({ state }: PreloadProgress): number {
  switch (state) {
    case 'complete':
      return EXIT.ok;
    case 'partial':
      return EXIT.partial;
    case 'cancelled':
      return EXIT.interrupted;
    default:
      return EXIT.failure;
  }
}
