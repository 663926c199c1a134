/** `larder plan`, `plans list` and `plans end`: orders of jobs, known in advance. */
import fs from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { EXIT, LarderError, printable, systemCode } from '../../common/index.ts';
import { MAX_PLAN_BYTES, planRequestOf } from '../../common/plans/index.ts';
import type { PlanRequest, PlanStatus } from '../../sdk/index.ts';
import { isSet, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { table } from '../output.ts';
import { withLarder } from '../with-larder.ts';

export async function plan([reference = '']: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    await using dataset = await larder.datasets.get(reference);
    const { name } = dataset.info;
    const file = text(flags, 'plan');
    const request =
      file === undefined
        ? requestOf(flags)
        : planRequestOf(file === '-' ? await readAll(process.stdin) : readFile(file), {
            dataset: name,
            version: dataset.version.number,
          });
    const status = await dataset.plan(request);
    const { job, version } = status;
    output.result(
      status,
      `${printable(job)}: planned for ${name}@v${String(version)}. \`larder plans list\` shows whether it is followed.`,
    );
    return EXIT.ok;
  });
}

export async function list(flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    const plans = await larder.plans.list();
    output.result({ plans }, plans.length === 0 ? 'No plans.' : planTable(plans));
    return EXIT.ok;
  });
}

export async function end([job = '']: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    await larder.plans.end(job);
    output.result({ job }, `${printable(job)}: its plan has ended.`);
    return EXIT.ok;
  });
}

function planTable(plans: readonly PlanStatus[]): string {
  const header = ['JOB', 'DATASET', 'WORKER', 'STATE', 'EPOCH', 'POSITION', 'STRAYED', 'FETCHED'];
  const rows = plans.flatMap(({ job, dataset, version, workers }) => {
    const first = [job, `${dataset}@v${String(version)}`];
    if (workers.length === 0) return [[...first, '–', 'told', '–', '–', '–', '–']];
    return workers.map((it) => [
      ...first,
      it.workerId,
      it.reason === '' ? it.state : `${it.state} (${it.reason})`,
      String(it.epoch),
      `${String(it.position)}/${String(it.samples)}`,
      String(it.strayed),
      String(it.fetched),
    ]);
  });
  return table(header, rows);
}

function requestOf(flags: Flags): PlanRequest {
  const sampler = text(flags, 'sampler');
  if (sampler === undefined) {
    throw new LarderError('INVALID_ARGUMENT', { expected: '--sampler, or --plan' });
  }
  const paths = text(flags, 'list');
  const rule = text(flags, 'files') ?? (text(flags, 'root') === undefined ? undefined : 'sorted');
  if (paths !== undefined && rule !== undefined) {
    throw new LarderError('INVALID_ARGUMENT', {
      expected: 'one of --list and --files with --root',
    });
  }
  const job = text(flags, 'job');
  const files =
    paths === undefined
      ? rule && { rule, root: text(flags, 'root') ?? '' }
      : { rule: 'list', paths: linesOf(readFile(paths)) };
  const request = {
    sampler,
    ...(job === undefined ? {} : { job }),
    seed: numberOf(flags, 'seed'),
    epochs: numberOf(flags, 'epochs'),
    firstEpoch: numberOf(flags, 'firstEpoch'),
    world: numberOf(flags, 'world'),
    keepSeconds: numberOf(flags, 'keep'),
    shuffle: flags['shuffle'] !== false,
    dropLast: isSet(flags, 'dropLast'),
    files,
  };
  // What is wrong in it `dataset.plan` says, by field.
  return request as PlanRequest;
}

function numberOf(flags: Flags, name: string): number | string | undefined {
  const value = text(flags, name);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : value;
}

function linesOf(list: string): string[] {
  return list.split(/\r?\n/).filter((line) => line !== '');
}

/** @throws {LarderError} `INVALID_ARGUMENT` */
function readFile(file: string): string {
  const sizeBytes = said(file, () => fs.statSync(file).size);
  if (sizeBytes > MAX_PLAN_BYTES) {
    throw new LarderError('INVALID_ARGUMENT', { file, sizeBytes, mostBytes: MAX_PLAN_BYTES });
  }
  return said(file, () => fs.readFileSync(file, 'utf8'));
}

function said<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new LarderError('INVALID_ARGUMENT', { file, reason: systemCode(error) ?? 'unreadable' });
  }
}
