/** `larder dataset …`: make, change, list, show, refresh and delete datasets. */
import { EXIT, formatBytes, LarderError, printable } from '../../common/index.ts';
import type {
  BuildOptions,
  BuildResult,
  DatasetSummary,
  Larder,
  VersionInfo,
} from '../../sdk/index.ts';
import type { Context } from '../context.ts';
import { isSet, originUrl, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { firstLeftOut, leftOutCounts, leftOutJson, leftOutNote, leftOutText } from '../left-out.ts';
import { table } from '../output.ts';
import { progressBar } from '../progress.ts';
import { withLarder } from '../with-larder.ts';

/** Keys that `show --skipped` prints where nothing else is said. */
const DEFAULT_LIMIT = 1_000;

export async function create(
  [name = '', origin = '', ...rest]: string[],
  flags: Flags,
): Promise<number> {
  return await done(flags, async (larder, context) => {
    const settings = parseSettings(rest);
    const result = await build(context, (options) =>
      larder.datasets.create(name, originUrl(origin), { ...options, settings }),
    );
    context.output.result(buildJson(result), buildText(result));
  });
}

export async function set([name = '', ...rest]: string[], flags: Flags): Promise<number> {
  return await done(flags, async (larder, { output }) => {
    const summary = await larder.datasets.set(name, parseSettings(rest));
    output.result(summaryJson(summary), describe(summary));
    output.note(
      '`replicas`, `quota`, `policy`, `originBandwidth`, `region` and `pathStyle` count now, all others from the next version on.',
    );
  });
}

export async function list(_: string[], flags: Flags): Promise<number> {
  return await done(flags, async (larder, { output }) => {
    const datasets = await larder.datasets.list();
    const rows = datasets.map(({ name, origin, latest }) => [
      name,
      `v${String(latest.number)}`,
      String(latest.files),
      formatBytes(latest.bytes),
      origin,
    ]);
    output.result(
      datasets.map(summaryJson),
      datasets.length === 0
        ? 'No datasets. Make one with `larder dataset create NAME ORIGIN`.'
        : table(['NAME', 'LATEST', 'FILES', 'SIZE', 'ORIGIN'], rows),
    );
  });
}

export async function show([name = '']: string[], flags: Flags): Promise<number> {
  return await done(flags, async (larder, { output }) => {
    const summary = await larder.datasets.describe(name);
    if (!isSet(flags, 'skipped')) {
      output.result(summaryJson(summary), describe(summary));
      return;
    }
    const { latest } = summary;
    await using dataset = await larder.datasets.get(`${name}@v${String(latest.number)}`);
    const keys = await firstLeftOut(dataset, parseLimit(text(flags, 'limit')));
    output.result(leftOutJson(latest, keys), leftOutText(latest, keys));
    if (keys.length < latest.skipped) {
      const shown = `${String(keys.length)} of ${String(latest.skipped)} keys are shown.`;
      output.note(`${shown} Others with --limit; a version keeps the first 1,000,000.`);
    }
  });
}

export async function versions([name = '']: string[], flags: Flags): Promise<number> {
  return await done(flags, async (larder, { output }) => {
    const found = await larder.datasets.versions(name);
    const rows = found.map((version) => [
      `v${String(version.number)}`,
      version.createdAt.toISOString(),
      String(version.files),
      formatBytes(version.bytes),
      String(version.skipped),
      String(version.leases),
    ]);
    output.result(
      found.map(versionJson),
      table(['VERSION', 'CREATED', 'FILES', 'SIZE', 'SKIPPED', 'MOUNTS'], rows),
    );
  });
}

export async function remove([reference = '']: string[], flags: Flags): Promise<number> {
  return await done(flags, async (larder, { output }) => {
    await larder.datasets.delete(reference);
    output.result({ deleted: reference }, `Deleted ${reference}.`);
  });
}

async function done(
  flags: Flags,
  action: (larder: Larder, context: Context) => Promise<void>,
): Promise<number> {
  return await withLarder(flags, async (larder, context) => {
    await action(larder, context);
    return EXIT.ok;
  });
}

export async function build(
  { output, environment, signal }: Context,
  start: (options: BuildOptions) => Promise<BuildResult>,
): Promise<BuildResult> {
  const bar = progressBar(output, environment, 'Listing', 'keys');
  try {
    return await start({
      signal,
      onProgress: ({ keysListed }) => {
        bar.update(keysListed, 0);
      },
    });
  } finally {
    bar.stop();
  }
}

/** @throws {LarderError} `INVALID_ARGUMENT` unless each is KEY=VALUE */
function parseSettings(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at < 1)
        throw new LarderError('INVALID_ARGUMENT', { setting: word, expected: 'KEY=VALUE' });
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** @throws {LarderError} `INVALID_ARGUMENT` unless it is a whole number */
function parseLimit(limit: string | undefined): number {
  if (limit === undefined) return DEFAULT_LIMIT;
  if (/^\d{1,7}$/.test(limit)) return Number(limit);
  throw new LarderError('INVALID_ARGUMENT', { limit, expected: '--limit with a whole number' });
}

function versionJson(version: VersionInfo): object {
  return { ...version, createdAt: version.createdAt.toISOString() };
}

function summaryJson(summary: DatasetSummary): object {
  const { createdAt, latest } = summary;
  return { ...summary, createdAt: createdAt.toISOString(), latest: versionJson(latest) };
}

export function buildJson({ dataset, version, changes, newVersion }: BuildResult): object {
  return { dataset: dataset.name, version: versionJson(version), changes, newVersion };
}

export function buildText({ dataset, version, changes, newVersion }: BuildResult): string {
  const { added, removed, changed } = changes;
  const counts = `${String(version.files)} files, ${formatBytes(version.bytes)}`;
  const note = leftOutNote(dataset.name, version.skipped);
  const skipped = note === '' ? '' : `\n${note}`;
  if (!newVersion)
    return `${dataset.name} is unchanged: v${String(version.number)}, ${counts}.${skipped}`;
  const what = `${String(added)} added, ${String(changed)} changed, ${String(removed)} removed`;
  return `${dataset.name}@v${String(version.number)}: ${counts} (${what}).${skipped}`;
}

function describe({ name, origin, settings, latest }: DatasetSummary): string {
  const validators =
    latest.weakValidators === 0
      ? 'strong (ETag)'
      : `${String(latest.strongValidators)} strong (ETag), ${String(latest.weakValidators)} weak (size and times)`;
  const rows: [string, string][] = [
    ['name', name],
    ['origin', origin],
    ['latest', `v${String(latest.number)} of ${latest.createdAt.toISOString()}`],
    ['files', String(latest.files)],
    ['size', formatBytes(latest.bytes)],
    ['skipped', leftOutCounts(latest)],
    ['validators', validators],
    ['blockSize', formatBytes(settings.blockSizeBytes)],
    ['endpoint', settings.endpoint || '(default)'],
    ['region', settings.region || '(found by the worker)'],
    ['pathStyle', settings.pathStyle],
    ['credentials', settings.credentials || '(default chain of the worker)'],
    ['replicas', String(settings.replicas)],
    [
      'quota',
      settings.quotaBytes === 0
        ? '(by what its bytes are worth)'
        : formatBytes(settings.quotaBytes),
    ],
    ['policy', settings.policy],
    ['bandwidth', describeBandwidth(settings.originBandwidthBytes)],
  ];
  return rows.map(([key, value]) => `${key.padEnd(12)}${printable(value)}`).join('\n');
}

function describeBandwidth(bytes: number): string {
  return bytes === 0
    ? '(unlimited)'
    : `${formatBytes(bytes)}/s from the origin, all workers together`;
}
