/**
 * The requests that wait: for a page of the manifest, for bytes, for an answer of the cluster.
 *
 * Runs on the event loop of the server, which must not wait for a disk: it reads manifest pages from
 * files (they are small and mostly in memory) and leaves the bytes of objects to the source.
 *
 * Always true: each slot that is accepted is released, after exactly one reply was written; bytes
 * are all that was asked for, or an errno; at most `maxWaitingBytes` of reads are under way.
 */
import { FUSE_MAX_READ_BYTES, LarderError, PageMissing, untilAborted } from '../common/index.ts';
import type { Clock, CompleteDirectory } from '../common/index.ts';
import type { HeldExtent } from '../sdk/index.ts';
import { writevSync } from 'node:fs';
import { OPCODE } from './abi.ts';
import { ByteBudget } from './byte-budget.ts';
import { ControlFiles } from './control-files.ts';
import type { PlannedSource } from './control-files.ts';
import { RequestView } from './decode.ts';
import { replyHeader, writeReply } from './encode.ts';
import type { Reply } from './encode.ts';
import type { ExtentTable } from './extents.ts';
import { readHeld } from './held-files.ts';
import type { MappedFiles } from './mapped-files.ts';
import { heldStatus } from './operations.ts';
import type { FileRange, VersionFiles } from './operations.ts';
import { isDying } from './processes.ts';
import type { FuseSession } from './session.ts';
import type { SharedState } from './state.ts';
import type { TouchRing } from './touches.ts';

/** The part of a `MountSource` that requests wait for. */
export interface WaitingSource extends PlannedSource {
  fetchManifest(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<void>;
  read(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
    memory?: Buffer,
  ): Promise<Buffer[]>;
  hold(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
  ): Promise<HeldExtent | Buffer[]>;
  heldBytes(ordinal: number, signal: AbortSignal): Promise<number>;
}

export interface DeferredOptions {
  readonly deviceFd: number;
  readonly state: SharedState;
  readonly session: FuseSession;
  readonly files: VersionFiles;
  /** Resolves when the server has connected. */
  readonly source: Promise<WaitingSource>;
  readonly reply: Reply;
  readonly maxWaitingBytes: number;
  readonly clock: Clock;
  /** Where complete objects lie; none where they may not be read. */
  readonly completeDirectories: readonly CompleteDirectory[];
  readonly extents: ExtentTable;
  readonly touches: TouchRing;
  readonly mapped: MappedFiles;
}

interface Job {
  readonly unique: number;
  readonly callerPid: number;
  readonly controller: AbortController;
  interrupted: boolean;
}

/** Where the bytes of one read may come to. */
interface Memory {
  readonly buffer: Buffer;
  /** To the source, which may write to it later if the bytes came elsewhere. */
  isLent: boolean;
}

/** How often a caller that was sent a signal is looked at: is it about to end? */
const LOOK_EVERY_MS = 100;
/** More parts than this in one writev(2) is EINVAL. */
const MAX_PARTS = 1000;
const MAX_EARLY_INTERRUPTS = 256;
/** A fresh buffer of 1 MiB costs the first touch of each of its pages. */
const MAX_FREE_BUFFERS = 8;

export class DeferredRequests {
  readonly #options: DeferredOptions;
  readonly #jobs = new Map<number, Job>();
  /** Interrupts that overtook their request on the way here. */
  readonly #early = new Set<number>();
  readonly #budget: ByteBudget;
  readonly #control: ControlFiles;
  /** Of reads that have ended well; one that was given up may still be written to. */
  readonly #buffers: Buffer[] = [];

  constructor(options: DeferredOptions) {
    this.#options = options;
    this.#budget = new ByteBudget(options.maxWaitingBytes);
    const { dataset, version } = options.files;
    this.#control = new ControlFiles({ ...options, dataset: dataset.name, version });
  }

  get waiting(): number {
    return this.#jobs.size;
  }

  /** @param again a predecessor may have answered it, or applied it without answering */
  accept(slot: number, again = false): void {
    const { state } = this.#options;
    const request = new RequestView(state.slotMemory(slot));
    if (request.opcode === OPCODE.INTERRUPT) {
      const { interrupted } = request;
      state.release(slot);
      this.#interrupt(interrupted);
      return;
    }
    void this.#run(slot, request, again);
  }

  async #run(slot: number, request: RequestView, again: boolean): Promise<void> {
    const { state, session, reply } = this.#options;
    const { unique, callerPid } = request;
    const job = { unique, callerPid, controller: new AbortController(), interrupted: false };
    this.#jobs.set(unique, job);
    if (this.#early.delete(unique)) this.#interrupt(unique);
    try {
      await this.#answer(request, job.controller.signal, again);
    } catch (error) {
      session.fail(request, reply, error);
    } finally {
      this.#jobs.delete(unique);
      state.release(slot);
    }
  }

  async #answer(request: RequestView, signal: AbortSignal, again: boolean): Promise<void> {
    const { session, reply } = this.#options;
    for (;;) {
      try {
        if (session.leavesToControl(request)) {
          await this.#control.answer(request, signal);
          return;
        }
        if (session.handle(request, reply, again) === 'done') return;
        if (request.opcode === OPCODE.READ) await this.#read(request, signal);
        else await this.#held(request, signal);
        return;
      } catch (error) {
        if (!(error instanceof PageMissing)) throw error;
        const source = await untilAborted(this.#options.source, signal);
        const { offsetBytes, lengthBytes } = error;
        await untilAborted(source.fetchManifest(offsetBytes, lengthBytes, signal), signal);
      }
    }
  }

  async #read(request: RequestView, signal: AbortSignal): Promise<void> {
    const { files, state, deviceFd, mapped } = this.#options;
    const { node, callerPid: threadId } = request;
    const range = files.range(node, request.readOffset, request.readSize);
    const { sizeBytes } = files.attributes(node);
    mapped.missed({ node, sizeBytes, offsetBytes: range.offsetBytes, threadId });
    const release = await this.#budget.take(range.lengthBytes, signal);
    const memory: Memory = {
      buffer: this.#buffers.pop() ?? Buffer.allocUnsafeSlow(FUSE_MAX_READ_BYTES),
      isLent: false,
    };
    try {
      const parts = checkWhole(await this.#bytes(range, memory, signal), range);
      state.countRead('source');
      const header = replyHeader(request, range.lengthBytes);
      writeReply(() => writevSync(deviceFd, [header, ...parts]));
      const isOurs = !memory.isLent || parts[0]?.buffer === memory.buffer.buffer;
      if (isOurs && this.#buffers.length < MAX_FREE_BUFFERS) this.#buffers.push(memory.buffer);
    } finally {
      release();
    }
  }

  /**
   * From the file that the worker names, or what the source gives. Of a file that is read in one piece the
   * bytes themselves come at once: to wait until they are in a file, and to open and read that, costs more.
   */
  async #bytes(range: FileRange, memory: Memory, signal: AbortSignal): Promise<readonly Buffer[]> {
    const { completeDirectories, extents, touches } = this.#options;
    const { ordinal, offsetBytes, lengthBytes } = range;
    const into = memory.buffer.subarray(0, lengthBytes);
    const source = await untilAborted(this.#options.source, signal);
    if (completeDirectories.length > 0 && !this.#isWholeFile(range)) {
      const held = await untilAborted(
        source.hold(ordinal, offsetBytes, lengthBytes, signal),
        signal,
      );
      if (Array.isArray(held)) return held;
      const { objectId, incarnation, toBytes, completeDirectory } = held;
      extents.add({ ordinal, incarnation, fromBytes: offsetBytes, toBytes });
      const file = { objectId, incarnation, offsetBytes };
      const directory = completeDirectory ?? completeDirectories[0]?.path ?? '';
      if (await untilAborted(readHeld(directory, file, into), signal)) {
        touches.add(ordinal, offsetBytes, lengthBytes);
        return [into];
      }
    }
    memory.isLent = true;
    return await untilAborted(source.read(ordinal, offsetBytes, lengthBytes, signal, into), signal);
  }

  #isWholeFile({ ordinal, lengthBytes }: FileRange): boolean {
    return lengthBytes === this.#options.files.attributes(ordinal + 1).sizeBytes;
  }

  async #held(request: RequestView, signal: AbortSignal): Promise<void> {
    const { files, session, reply } = this.#options;
    const { node, xattrName } = request;
    const { sizeBytes } = files.attributes(node);
    const source = await untilAborted(this.#options.source, signal);
    const heldBytes = await untilAborted(source.heldBytes(node - 1, signal), signal);
    const value = xattrName.endsWith('.held')
      ? String(heldBytes)
      : heldStatus(heldBytes, sizeBytes);
    session.answerXattr(request, reply, value);
  }

  /**
   * The kernel interrupts a request when its caller is sent any signal. The read of a local file
   * would not end for a signal that the caller survives, so neither does this one: the caller is
   * looked at until it is about to end, or its reply is there.
   */
  #interrupt(unique: number): void {
    const job = this.#jobs.get(unique);
    if (job === undefined) {
      if (this.#early.size < MAX_EARLY_INTERRUPTS && this.#options.state.holdsRequest(unique)) {
        this.#early.add(unique);
      }
      return;
    }
    if (job.interrupted) return;
    job.interrupted = true;
    void this.#abortWhenDying(job);
  }

  async #abortWhenDying(job: Job): Promise<void> {
    while (this.#jobs.get(job.unique) === job) {
      if (isDying(job.callerPid)) {
        job.controller.abort(new LarderError('CANCELLED', { why: 'the reader was killed' }));
        return;
      }
      await this.#options.clock.sleep(LOOK_EVERY_MS);
    }
  }
}

/** @throws {LarderError} `INTERNAL` unless the parts are exactly what was asked for */
function checkWhole(parts: readonly Buffer[], range: FileRange): readonly Buffer[] {
  const gotBytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (gotBytes !== range.lengthBytes) {
    throw new LarderError('INTERNAL', { what: 'short read', ...range, gotBytes });
  }
  return parts.length > MAX_PARTS ? [Buffer.concat(parts)] : parts;
}
