/**
 * Compares what is on the workers' disks with what manifests name and with what this master believes.
 *
 * Always true: nothing is changed. A worker's view is compared when a part of its scan comes, in the order of its
 * stream: what came or went while it looked, and what it reported since, is no difference. A worker that does not
 * answer is named, and its disk is not vouched for.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { asLarderError, LarderError } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import type { AuditDone } from '../proto/generated/larder/v1/AuditDone.ts';
import type { AuditedWorker } from '../proto/generated/larder/v1/AuditedWorker.ts';
import type { AuditEvent } from '../proto/generated/larder/v1/AuditEvent.ts';
import type { AuditPart__Output } from '../proto/generated/larder/v1/AuditPart.ts';
import type { AuditRequest__Output } from '../proto/generated/larder/v1/AuditRequest.ts';
import { parseBitmap } from '../rpc/bitmaps/index.ts';
import { Signal } from './async.ts';
import { AuditFiles } from './audit-files.ts';
import { AuditFindings } from './audit-findings.ts';
import { Breather } from './breathe.ts';
import type { Catalog } from './catalog.ts';
import type { DataDirectory } from './data-directory.ts';
import { liveBlocks } from './live-blocks.ts';
import { openManifest } from './manifests.ts';
import type { Predictions } from './predictions.ts';
import type { DatasetRecord, VersionRecord } from './records.ts';
import type { WorkerSession } from './worker-session.ts';
import type { Workers } from './workers.ts';

export interface AuditorOptions {
  readonly catalog: Catalog;
  readonly directory: DataDirectory;
  readonly workers: Workers;
  readonly predictions: Predictions;
  readonly clock: Clock;
  readonly progressMs: number;
}

/** Of one message: paths are long. */
const DIFFERENCES_PER_MESSAGE = 256;
/** Differences of one kind that are counted: a view that is wrong everywhere is said soon enough. */
const MAX_RUNS = 1_000_000;
const ROWS_PER_BREATH = 8 * 1024;

export class Auditor {
  readonly #options: AuditorOptions;

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  /** @throws {LarderError} `NOT_FOUND` */
  async *audit(
    request: AuditRequest__Output,
    signal: AbortSignal,
  ): AsyncGenerator<AuditEvent, void, undefined> {
    const { catalog, directory, clock, progressMs } = this.#options;
    const dataset = catalog.byName(request.name);
    const version = catalog.version(dataset, request.version);
    const manifest = openManifest(directory.manifestPath(version));
    using files = await AuditFiles.load(manifest, clock, signal);
    const audit = new RunningAudit(this.#options, { request, dataset, version, files });
    const scans = audit.scan(signal);
    try {
      for (let running = true; running;) {
        const rest = clock.sleep(progressMs, signal).then(() => true);
        rest.catch(() => undefined);
        running = await Promise.race([rest, scans.then(() => false)]);
        yield { progress: audit.progress };
        yield* differences(audit.findings);
      }
      const done = await audit.conclude();
      yield* differences(audit.findings);
      yield { done };
    } finally {
      audit.cancel();
    }
  }
}

function* differences(findings: AuditFindings): Generator<AuditEvent> {
  const named = findings.take();
  for (let at = 0; at < named.length; at += DIFFERENCES_PER_MESSAGE) {
    yield { differences: named.slice(at, at + DIFFERENCES_PER_MESSAGE) };
  }
}

interface Subject {
  readonly request: AuditRequest__Output;
  readonly dataset: DatasetRecord;
  readonly version: VersionRecord;
  readonly files: AuditFiles;
}

interface Scanned {
  readonly workerId: string;
  readonly node: string;
  readonly failure: LarderError | undefined;
  readonly objects: number;
  readonly bytes: number;
}

class RunningAudit {
  readonly findings: AuditFindings;
  readonly #options: AuditorOptions;
  readonly #subject: Subject;
  readonly #commands = new Map<number, WorkerSession>();
  readonly #ended = new Signal();
  #scanned: Scanned[] = [];
  #objects = 0;
  #bytes = 0;

  constructor(options: AuditorOptions, subject: Subject) {
    this.#options = options;
    this.#subject = subject;
    this.findings = new AuditFindings(subject.request.limit);
  }

  get progress() {
    return { objects: this.#objects, bytes: this.#bytes };
  }

  /** Has every member look at its disk. */
  async scan(signal: AbortSignal): Promise<void> {
    const { workers } = this.#options;
    const { members } = workers.placement;
    const sessions = workers.sessions();
    const gone = members.filter(
      ({ workerId }) => !sessions.some((session) => session.workerId === workerId),
    );
    const away = gone.map(({ workerId, node }) => {
      const failure = new LarderError('UNAVAILABLE', { worker: workerId, what: 'it is away' });
      return { workerId, node, failure, objects: 0, bytes: 0 };
    });
    this.#scanned = [
      ...away,
      ...(await Promise.all(sessions.map((one) => this.#scan(one, signal)))),
    ];
  }

  cancel(): void {
    for (const [command, session] of this.#commands) session.cancel(command);
    this.#commands.clear();
    this.#ended.notify();
  }

  /** What only all of them together tell. */
  async conclude(): Promise<AuditDone> {
    const { catalog, workers, clock, directory } = this.#options;
    const { dataset, version, files, request } = this.#subject;
    const { held } = workers;
    const ids = this.#scanned.map(({ workerId }) => workerId);
    const live = await liveBlocks(catalog.versions(dataset.id), { directory, clock });
    const owners = await this.#options.predictions.owners(version, workers.placement);
    const union = new RoaringBitmap32();
    const twice = new RoaringBitmap32();
    let guests = 0;
    try {
      for (const workerId of ids) {
        const view = held.blocks(workerId, dataset.id)?.clone() ?? new RoaringBitmap32();
        const again = RoaringBitmap32.and(union, view);
        twice.orInPlace(again);
        again.dispose();
        union.orInPlace(view);
        if (owners !== undefined) guests += await guestBlocks(owners, { workerId, view, clock });
        this.#list('unnamed', workerId, view.andNotInPlace(live), 'held, and no version names it');
        view.dispose();
      }
      twice.andInPlace(live);
      const { heldBlocks } = files.measure(union);
      if (request.complete) this.#listMissing();
      return {
        dataset: dataset.name,
        version: version.number,
        workers: this.#scanned.map((one) => this.#worker(one)),
        counts: this.findings.counts,
        blocks: files.blocks,
        held_blocks: heldBlocks,
        held_twice: twice.size,
        guests,
        owners_known: owners !== undefined,
      };
    } finally {
      for (const bitmap of [live, union, twice]) bitmap.dispose();
    }
  }

  #scan(session: WorkerSession, signal: AbortSignal): Promise<Scanned> {
    const { dataset, request } = this.#subject;
    const { workerId } = session;
    const { node } = session.member;
    const seen = { objects: 0, bytes: 0 };
    let broken: LarderError | undefined;
    return new Promise((resolve) => {
      const command = session.start(
        (id) => ({ scan: { command: id, dataset_id: dataset.id, checksums: request.checksums } }),
        {
          onAudit: (part) => {
            try {
              this.#receive(workerId, part);
            } catch (error) {
              broken ??= asLarderError(error);
            }
            seen.objects += part.objects;
            seen.bytes += part.bytes;
          },
          onEnd: (failure) => {
            resolve({ workerId, node, failure: failure ?? broken, ...seen });
          },
        },
      );
      this.#commands.set(command, session);
      const onCancel = () => {
        const failure = new LarderError('CANCELLED');
        resolve({ workerId, node, failure, ...seen });
      };
      void this.#ended.wait(signal).then(onCancel, onCancel);
    });
  }

  #receive(workerId: string, part: AuditPart__Output): void {
    this.#objects += part.objects;
    this.#bytes += part.bytes;
    for (const problem of part.problems) {
      this.findings.add(problem.kind, workerId, () => ({
        path: problem.path,
        objectId: problem.object_id,
        firstBlock: problem.first_block,
        blocks: problem.blocks,
        detail: problem.detail,
      }));
    }
    const { files } = this.#subject;
    for (const [i, firstBlock] of part.object_block.entries()) {
      const expected = files.sizeAt(firstBlock);
      const sizeBytes = part.object_bytes[i] ?? 0;
      if (expected === undefined || expected === sizeBytes) continue;
      this.findings.add('manifest-size', workerId, () => ({
        path: files.pathAt(firstBlock),
        firstBlock,
        detail: `${sizeBytes} bytes, the manifest says ${expected}`,
      }));
    }
    if (part.ranged) this.#compareView(workerId, part);
  }

  #compareView(workerId: string, part: AuditPart__Output): void {
    const { first_block: first, end_block: end } = part;
    const onDisk = parseBitmap(part.held);
    const changed = parseBitmap(part.changed);
    const view = RoaringBitmap32.fromRange(first, end);
    const known = this.#options.workers.held.blocks(workerId, this.#subject.dataset.id);
    if (known === undefined) view.clear();
    else view.andInPlace(known);
    const stale = view.clone().andNotInPlace(onDisk).andNotInPlace(changed);
    const unseen = onDisk.andNotInPlace(view).andNotInPlace(changed);
    this.#list('view-stale', workerId, stale, 'the master believes that it is held');
    this.#list('view-lacks', workerId, unseen, 'the master does not know that it is held');
    for (const bitmap of [onDisk, changed, view, stale]) bitmap.dispose();
  }

  /** One difference per run of adjacent blocks of one file. */
  #list(kind: string, workerId: string, blocks: RoaringBitmap32, detail: string): void {
    const { files } = this.#subject;
    let first = -1;
    let next = -1;
    let fileEnd = -1;
    let runs = 0;
    const end = () => {
      if (first < 0) return;
      const run = { firstBlock: first, blocks: next - first };
      this.findings.add(kind, workerId, () => ({ path: files.pathAt(first), ...run, detail }));
      runs += 1;
    };
    for (const block of blocks) {
      if (block !== next || block >= fileEnd) {
        end();
        if (runs >= MAX_RUNS) return;
        first = block;
        fileEnd = files.endAt(block);
      }
      next = block + 1;
    }
    end();
  }

  #listMissing(): void {
    for (const { path, sizeBytes } of this.#subject.files.missing()) {
      this.findings.add('missing', '', () => ({
        path: path(),
        detail: `not all of its ${sizeBytes} bytes are held`,
      }));
    }
  }

  #worker({ workerId, node, failure, objects, bytes }: Scanned): AuditedWorker {
    const view = this.#options.workers.held.blocks(workerId, this.#subject.dataset.id);
    return {
      worker_id: workerId,
      node,
      failure_code: failure?.code ?? '',
      failure: failure?.message ?? '',
      objects,
      checked_bytes: bytes,
      held_blocks: view?.size ?? 0,
    };
  }
}

type KnownOwners = NonNullable<Awaited<ReturnType<Predictions['owners']>>>;

/** Blocks of the version that a worker holds and does not own. */
async function guestBlocks(
  { index, owners }: KnownOwners,
  of: { readonly workerId: string; readonly view: RoaringBitmap32; readonly clock: Clock },
): Promise<number> {
  const me = owners.workerIds.indexOf(of.workerId);
  let guests = 0;
  const breather = new Breather(of.clock);
  for (let row = 0; row < index.rows; row += 1) {
    if (row % ROWS_PER_BREATH === 0) await breather.breathe();
    if (owners.of[row] === me) continue;
    const first = index.firstBlock[row] ?? 0;
    guests += of.view.rangeCardinality(first, first + (index.blocks[row] ?? 0));
  }
  return guests;
}
