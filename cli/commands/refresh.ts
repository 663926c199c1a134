/** `larder dataset refresh`, and what it has brought to the workers' disks where that is asked for. */
import { EXIT, LarderError } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type { BuildResult, Larder, PreloadOptions, PreloadProgress } from '../../sdk/index.ts';
import { createContext } from '../context.ts';
import type { Context } from '../context.ts';
import { isSet, masterAddress, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { preloadOptions } from '../preload-flags.ts';
import { exitCode, follow, noteFailures, summary } from '../preload-report.ts';
import { build, buildJson, buildText } from './dataset.ts';

/** @returns 0, or with `--preload` as of `larder preload` */
export async function refresh([name = '']: string[], flags: Flags): Promise<number> {
  const context = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const { output, environment } = context;
  checkFlags(flags);
  const options = await preloadOptions([], flags);
  await using larder = connect({ master: masterAddress(flags, environment), client: 'cli' });
  const { latest } = await larder.datasets.describe(name);
  const result = await build(context, (options) => larder.datasets.refresh(name, options));
  if (!isSet(flags, 'preload')) {
    output.result(buildJson(result), buildText(result));
    return EXIT.ok;
  }
  const last = hasNew(result)
    ? await preloadNew(larder, result, {
        options: { ...options, changedSince: latest.number },
        ...{ flags, context },
      })
    : undefined;
  const said = last === undefined ? 'Nothing is new: there is nothing to preload.' : summary(last);
  output.result({ ...buildJson(result), preload: last ?? null }, `${buildText(result)}\n${said}`);
  if (last === undefined || last.state === 'running') return EXIT.ok;
  noteFailures(last, output);
  return exitCode(last);
}

/** @throws {LarderError} `INVALID_ARGUMENT` */
function checkFlags(flags: Flags): void {
  if (isSet(flags, 'preload')) return;
  const option = text(flags, 'keep') === undefined ? undefined : '--keep';
  const needless = isSet(flags, 'detach') ? '--detach' : option;
  if (needless === undefined) return;
  throw new LarderError('INVALID_ARGUMENT', { option: needless, expected: '--preload with it' });
}

function hasNew({ newVersion, changes }: BuildResult): boolean {
  return newVersion && changes.added + changes.changed > 0;
}

interface Asked {
  readonly options: PreloadOptions;
  readonly flags: Flags;
  readonly context: Context;
}

/** @returns the last that was told of it: with `--detach` when it runs */
async function preloadNew(
  larder: Larder,
  { dataset, version }: BuildResult,
  { options: asked, flags, context }: Asked,
): Promise<PreloadProgress | undefined> {
  const { signal } = context;
  const options = { ...asked, signal };
  await using opened = await larder.datasets.get(`${dataset.name}@v${String(version.number)}`);
  if (!isSet(flags, 'detach')) return await follow(opened.preload(options), context);
  const { id } = await opened.startPreload(options);
  for await (const progress of larder.preloads.watch(id, { signal })) {
    if (progress.state !== 'pending') return progress;
  }
  return undefined;
}
