/** `larder free`, `larder pin`, `larder unpin` and `larder pins`: space by hand. */
import { EXIT, formatBytes } from '../../common/index.ts';
import type { FileCount, FreeReport, KeptCount, PinInfo } from '../../sdk/index.ts';
import { isSet, texts } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { table } from '../output.ts';
import { withLarder } from '../with-larder.ts';

/** @returns 8 where a worker could not be asked */
export async function free([reference = '', ...paths]: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output, signal }) => {
    const dryRun = isSet(flags, 'dryRun');
    const options = { paths, on: texts(flags, 'on'), dryRun, signal };
    const report = await larder.datasets.free(reference, options);
    output.result(report, describeFreed(report));
    return report.workers.every(({ failure }) => failure === null) ? EXIT.ok : EXIT.partial;
  });
}

export async function pin([reference = '', ...paths]: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output, signal }) => {
    const change = await larder.datasets.pin(reference, { paths, signal });
    const { dataset, bytes, changedBytes } = change;
    const all = `${formatBytes(bytes)} of ${dataset} are pinned`;
    output.result(change, `${formatBytes(changedBytes)} more: ${all}. ${describeHeld(change)}`);
    return EXIT.ok;
  });
}

export async function unpin([reference = '', ...paths]: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output, signal }) => {
    const change = await larder.datasets.unpin(reference, { paths, signal });
    const { dataset, bytes, changedBytes } = change;
    const left = bytes === 0 ? 'nothing is' : `${formatBytes(bytes)} are still`;
    output.result(change, `${formatBytes(changedBytes)} less: ${left} pinned of ${dataset}.`);
    return EXIT.ok;
  });
}

export async function pins(flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    const all = await larder.datasets.pins();
    const rows = all.map((it) => [it.dataset, formatBytes(it.bytes), share(it)]);
    output.result(all, all.length === 0 ? 'No pins.' : table(['DATASET', 'PINNED', 'HELD'], rows));
    return EXIT.ok;
  });
}

function describeFreed({ freed, workers, dryRun }: FreeReport): string {
  const verb = dryRun ? 'Would free' : 'Freed';
  const rows = workers.map((it) => [
    it.node,
    it.workerId,
    String(it.freed.files),
    formatBytes(it.freed.bytes),
    it.failure ?? (it.kept.length === 0 ? '–' : it.kept.map(describeKept).join(', ')),
  ]);
  return [
    table(['NODE', 'WORKER', dryRun ? 'WOULD FREE' : 'FREED', 'SIZE', 'STAYS'], rows),
    `${verb} ${countOf(freed)}.`,
  ].join('\n');
}

function describeKept(kept: KeptCount): string {
  const { why, preload } = kept;
  const reasons = {
    open: 'open',
    pinned: 'pinned',
    preload: `protected by preload ${String(preload)}`,
    shared: 'another dataset has it too',
  };
  return `${countOf(kept)}: ${reasons[why]}`;
}

function countOf({ files, bytes }: FileCount): string {
  return `${String(files)} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`;
}

function describeHeld(pinned: PinInfo): string {
  if (pinned.heldBlocks === pinned.blocks) return 'All of it is held.';
  return `${share(pinned)} of it is held: \`larder preload\` fetches the rest.`;
}

function share({ heldBlocks, blocks }: PinInfo): string {
  return blocks === 0 ? '–' : `${String(Math.floor((100 * heldBlocks) / blocks))} %`;
}
