/** `larder preloads …` and `larder release`: preloads by number. */
import { EXIT, formatBytes, LarderError } from '../../common/index.ts';
import type { PreloadInfo } from '../../sdk/index.ts';
import { isSet } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { table } from '../output.ts';
import { failureLines, follow, pace, report, summary } from '../preload-report.ts';
import { withLarder } from '../with-larder.ts';
import { detached } from './preload.ts';

export async function list(flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    const all = await larder.preloads.list();
    const header = ['ID', 'DATASET', 'STATE', 'HELD', 'OF', 'FILES', 'FAILED', 'KEPT'];
    output.result(all, all.length === 0 ? 'No preloads.' : table(header, all.map(rowOf)));
    return EXIT.ok;
  });
}

export async function show(args: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    const info = await larder.preloads.show(idOf(args));
    const lines = [
      `Preload ${String(info.id)} of ${nameOf(info)}, started ${info.startedAt.toISOString()}`,
      summary(info),
      ...[pace(info)].filter(Boolean),
      `Protected from eviction: ${keptOf(info)}.`,
      ...failureLines(info),
    ];
    output.result(info, lines.join('\n'));
    return EXIT.ok;
  });
}

export async function watch(args: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, context) => {
    const messages = larder.preloads.watch(idOf(args), { signal: context.signal });
    return report(await follow(messages, context), context);
  });
}

export async function cancel(args: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    const id = idOf(args);
    await larder.preloads.cancel(id);
    output.result({ id }, `Preload ${String(id)} is cancelled, unless it had ended.`);
    return EXIT.ok;
  });
}

export async function retry(args: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, context) => {
    const started = await larder.preloads.retry(idOf(args));
    if (isSet(flags, 'detach')) return await detached(larder, started, context);
    const messages = larder.preloads.watch(started.id, { signal: context.signal });
    return report(await follow(messages, context), context);
  });
}

export async function release(args: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    const id = idOf(args);
    await larder.preloads.release(id);
    output.result({ id }, `What preload ${String(id)} has loaded may be evicted now.`);
    return EXIT.ok;
  });
}

function idOf([id = '']: string[]): number {
  if (/^[1-9]\d{0,14}$/.test(id)) return Number(id);
  throw new LarderError('INVALID_ARGUMENT', { preload: id, expected: 'the number of a preload' });
}

function nameOf({ dataset, version }: PreloadInfo): string {
  return dataset === '' ? 'a dataset that is gone' : `${dataset}@v${String(version)}`;
}

function keptOf({ keptUntil }: PreloadInfo): string {
  if (keptUntil === null) return 'no';
  return keptUntil === 'released' ? 'until it is released' : `until ${keptUntil.toISOString()}`;
}

function rowOf(info: PreloadInfo): string[] {
  return [
    String(info.id),
    nameOf(info),
    info.state,
    formatBytes(info.heldBytes),
    formatBytes(info.targetBytes),
    `${String(info.heldFiles)} of ${String(info.targetFiles)}`,
    String(info.failedFiles),
    keptOf(info),
  ];
}
