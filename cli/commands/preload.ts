/** `larder preload`: bring files to the workers' disks, with a bar, and say truthfully what came. */
import { EXIT, formatBytes, printable } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type { Larder, PreloadEstimate, PreloadProgress, StartedPreload } from '../../sdk/index.ts';
import { createContext } from '../context.ts';
import type { Context } from '../context.ts';
import { isSet, masterAddress } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { preloadOptions } from '../preload-flags.ts';
import { about, follow, report } from '../preload-report.ts';

export async function preload([reference = '', ...paths]: string[], flags: Flags): Promise<number> {
  const context = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const { output, environment, signal } = context;
  const options = { ...(await preloadOptions(paths, flags)), signal };
  await using larder = connect({ master: masterAddress(flags, environment), client: 'cli' });
  await using dataset = await larder.datasets.get(reference);
  if (isSet(flags, 'dryRun')) {
    const estimate = await dataset.estimatePreload(options);
    output.result(estimate, describeEstimate(estimate));
    return EXIT.ok;
  }
  if (isSet(flags, 'detach')) {
    return await detached(larder, await dataset.startPreload(options), context);
  }
  return report(await follow(dataset.preload(options), context), context);
}

/**
 * Waits until the files are known: what cannot be done is said at once.
 *
 * @returns the exit code
 */
export async function detached(
  larder: Larder,
  { id, joined }: StartedPreload,
  context: Context,
): Promise<number> {
  const { output, signal } = context;
  let last: PreloadProgress | undefined;
  for await (const progress of larder.preloads.watch(id, { signal })) {
    last = progress;
    if (progress.state !== 'pending') break;
  }
  if (last?.state !== 'running') return report(last, context);
  const how = joined ? 'was running already' : 'runs';
  const text = `Preload ${String(id)} ${how}: \`larder preloads watch ${String(id)}\` follows it.`;
  output.result({ id, joined }, text);
  return EXIT.ok;
}

function describeEstimate(estimate: PreloadEstimate): string {
  const { targetFiles, targetBytes, missingFiles, missingBytes, requests, freeBytes } = estimate;
  const count = (value: number) => value.toLocaleString('en');
  const lines = [
    `${count(targetFiles)} files, ${formatBytes(targetBytes)}, of which ${count(missingFiles)} files, ` +
      `${formatBytes(missingBytes)}, are missing.`,
    `At most ${count(requests)} requests to the origin; ${describeTime(estimate)}.`,
  ];
  if (missingBytes > freeBytes) {
    lines.push(`The caches have ${formatBytes(freeBytes)} free: other files would have to go.`);
  }
  if (estimate.leftOutFiles > 0) {
    lines.push(`${count(estimate.leftOutFiles)} files do not fit into the budget.`);
  }
  for (const path of estimate.notFound) lines.push(printable(`Not there: ${path}`));
  return lines.join('\n');
}

const RATES = {
  bandwidth: '--bandwidth',
  'origin-budget': "the dataset's originBandwidth",
  'last-preload': 'what its last preload came to',
};

function describeTime({ ms, bytesPerSecond, rateFrom }: PreloadEstimate): string {
  if (ms === null || bytesPerSecond === null || rateFrom === null) {
    return 'how long it would take is not known before the first preload';
  }
  return `about ${about(ms)} at ${formatBytes(bytesPerSecond)}/s (${RATES[rateFrom]})`;
}
