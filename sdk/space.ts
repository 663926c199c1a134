/** Space on the workers' disks: what is freed by hand, and what is to stay. */
import { LarderError } from '../common/index.ts';
import type { FreedWorker__Output } from '../proto/generated/larder/v1/FreedWorker.ts';
import type { Pinned__Output } from '../proto/generated/larder/v1/Pinned.ts';
import type { Connection } from './connection.ts';
import { pathBytes } from './paths.ts';
import type { DatasetPath } from './paths.ts';
import type { CallSignal } from './types.ts';

export interface PathOptions extends CallSignal {
  /** Files, directories or patterns, as of a preload. Default: all of the version. */
  readonly paths?: readonly DatasetPath[];
}

export interface FreeOptions extends PathOptions {
  /** Names of nodes, or ids of workers. Default: everywhere. */
  readonly on?: readonly string[];
  /** Says what would be freed, and frees nothing. */
  readonly dryRun?: boolean;
}

export interface FileCount {
  /** Of a large file that several workers hold, the part of each counts. */
  readonly files: number;
  readonly bytes: number;
}

export interface KeptCount extends FileCount {
  /** Somebody has it open; it is pinned; a preload protects it; another dataset has it too. */
  readonly why: 'open' | 'pinned' | 'preload' | 'shared';
  /** With `preload`: its number. */
  readonly preload: number | null;
}

export interface FreeReport {
  readonly version: number;
  /** That were named, held or not. */
  readonly targetFiles: number;
  readonly dryRun: boolean;
  readonly freed: FileCount;
  readonly workers: readonly {
    readonly workerId: string;
    readonly node: string;
    /** Why it could not be asked; null: it was. */
    readonly failure: string | null;
    readonly freed: FileCount;
    readonly kept: readonly KeptCount[];
  }[];
}

/** What is pinned of one dataset. */
export interface PinInfo {
  readonly dataset: string;
  readonly bytes: number;
  readonly blocks: number;
  /** On the disks of workers that are alive. */
  readonly heldBlocks: number;
}

export interface PinChange extends PinInfo {
  /** That are pinned by this call, or were and are no more. */
  readonly changedBytes: number;
}

/** A worker goes through a million objects in about ten seconds. */
const SPACE_MS = 600_000;

interface Of {
  readonly name: string;
  /** 0: the latest. */
  readonly version: number;
}

export async function free(
  { master }: Connection,
  { name, version }: Of,
  { paths = [], on = [], dryRun = false, ...call }: FreeOptions,
): Promise<FreeReport> {
  const answer = await master.space.free(
    {
      ...{ dataset: name, version, on: [...on], dry_run: dryRun },
      paths: paths.map(pathBytes),
    },
    { ...call, deadlineMs: SPACE_MS },
  );
  const workers = answer.workers.map(workerFrom);
  const total = (of: keyof FileCount) => workers.reduce((sum, { freed }) => sum + freed[of], 0);
  return {
    version: answer.version,
    targetFiles: answer.target_files,
    dryRun,
    freed: { files: total('files'), bytes: total('bytes') },
    workers,
  };
}

export async function changePin(
  { master }: Connection,
  how: 'pin' | 'unpin',
  { name, version }: Of,
  { paths = [], ...call }: PathOptions,
): Promise<PinChange> {
  const request = { dataset: name, version, paths: paths.map(pathBytes) };
  const answer = await master.space[how](request, { ...call, deadlineMs: SPACE_MS });
  return { ...pinFrom(answer), changedBytes: answer.changed_bytes };
}

export async function listPins({ master }: Connection): Promise<PinInfo[]> {
  return (await master.space.listPins({})).pins.map(pinFrom);
}

function pinFrom({ dataset, bytes, blocks, held_blocks: heldBlocks }: Pinned__Output): PinInfo {
  return { dataset, bytes, blocks, heldBlocks };
}

function workerFrom(worker: FreedWorker__Output): FreeReport['workers'][number] {
  const freed = { files: 0, bytes: 0 };
  const kept: KeptCount[] = [];
  for (const { what, preload, files, bytes } of worker.counts) {
    if (what === 'freed') {
      freed.files += files;
      freed.bytes += bytes;
    } else kept.push({ ...whyKept(what, preload), files, bytes });
  }
  const { worker_id: workerId, node, failure } = worker;
  return { workerId, node, failure: failure === '' ? null : failure, freed, kept };
}

function whyKept(what: string, preload: number): Pick<KeptCount, 'why' | 'preload'> {
  switch (what) {
    case 'open':
    case 'shared':
      return { why: what, preload: null };
    case 'protected':
      return preload === 0 ? { why: 'pinned', preload: null } : { why: 'preload', preload };
    default:
      throw new LarderError('INTERNAL', { what: 'an answer of a later release', answer: what });
  }
}
