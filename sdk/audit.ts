/** Asks a master to audit a dataset, and gathers what it finds. */
import { LarderError } from '../common/index.ts';
import type { AuditDifference__Output } from '../proto/generated/larder/v1/AuditDifference.ts';
import type { AuditDone__Output } from '../proto/generated/larder/v1/AuditDone.ts';
import type { Connection } from './connection.ts';

/**
 * - `view-stale`: the master believes that blocks are held which are not; `view-lacks`: the other way round
 * - `file-missing`, `file-size`, `file-damaged`, `file-unreadable`: a file is not what its record says
 * - `file-without-record`: a file that the worker does not know, of whatever dataset
 * - `manifest-size`: a whole file that has another size than the manifest says
 * - `unnamed`: blocks that no version names
 * - `missing`: a file of the version of which not everything is held; only where that is asked for
 */
export type AuditKind =
  | 'view-stale'
  | 'view-lacks'
  | 'file-missing'
  | 'file-size'
  | 'file-damaged'
  | 'file-unreadable'
  | 'file-without-record'
  | 'manifest-size'
  | 'unnamed'
  | 'missing';

export interface AuditOptions {
  /** Read all that is held, and compare it with its checksums. Default false. */
  readonly checksums?: boolean;
  /** A file of which anything is not held is a difference. Default false. */
  readonly complete?: boolean;
  /** Differences of one kind and worker that are named; all are counted. Default 100, at most 10,000. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  /** Called now and then: objects looked at, bytes read and compared. */
  readonly onProgress?: (progress: { objects: number; bytes: number }) => void;
}

export interface AuditReport {
  readonly dataset: string;
  readonly version: number;
  /** Nothing differs, and every worker was heard. */
  readonly equal: boolean;
  /** Every member; one with a failure did not answer, and its disk was not compared. */
  readonly workers: readonly {
    readonly workerId: string;
    readonly node: string;
    readonly failure: string | null;
    readonly objects: number;
    readonly checkedBytes: number;
    readonly heldBlocks: number;
  }[];
  readonly counts: readonly {
    readonly kind: AuditKind;
    readonly workerId: string | null;
    readonly count: number;
  }[];
  readonly differences: readonly {
    readonly kind: AuditKind;
    readonly workerId: string | null;
    /** Below the root; empty where it is not known. */
    readonly path: Buffer;
    readonly objectId: string | null;
    readonly firstBlock: number;
    readonly blocks: number;
    readonly detail: string;
  }[];
  /** Of the version: all, held by anyone, held by more than one. */
  readonly blocks: { readonly all: number; readonly held: number; readonly heldTwice: number };
  /** Blocks that are held by a worker which does not own them; null where there are too many objects to say. */
  readonly guestBlocks: number | null;
}

/** @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE` */
export async function audit(
  connection: Connection,
  reference: { readonly name: string; readonly version: number },
  options: AuditOptions,
): Promise<AuditReport> {
  const { checksums = false, complete = false, limit = 0, signal, onProgress } = options;
  const request = { ...reference, checksums, complete, limit };
  const call = signal === undefined ? {} : { signal };
  const found: AuditDifference__Output[] = [];
  for await (const event of connection.master.audit.auditDataset(request, call)) {
    found.push(...event.differences);
    if (event.progress !== null) onProgress?.(event.progress);
    if (event.done !== null) return reportFrom(event.done, found);
  }
  throw new LarderError('UNAVAILABLE', { what: 'the master ended the call without a result' });
}

function reportFrom(
  done: AuditDone__Output,
  found: readonly AuditDifference__Output[],
): AuditReport {
  const workers = done.workers.map((worker) => ({
    workerId: worker.worker_id,
    node: worker.node,
    failure: worker.failure_code === '' ? null : worker.failure,
    objects: worker.objects,
    checkedBytes: worker.checked_bytes,
    heldBlocks: worker.held_blocks,
  }));
  return {
    dataset: done.dataset,
    version: done.version,
    equal: done.counts.length === 0 && workers.every(({ failure }) => failure === null),
    workers,
    counts: done.counts.map(({ kind, worker_id: workerId, count }) => ({
      kind: kind as AuditKind,
      workerId: workerId === '' ? null : workerId,
      count,
    })),
    differences: found.map((one) => ({
      kind: one.kind as AuditKind,
      workerId: one.worker_id === '' ? null : one.worker_id,
      path: one.path,
      objectId: one.object_id === '' ? null : one.object_id,
      firstBlock: one.first_block,
      blocks: one.blocks,
      detail: one.detail,
    })),
    blocks: { all: done.blocks, held: done.held_blocks, heldTwice: done.held_twice },
    guestBlocks: done.owners_known ? done.guests : null,
  };
}
