/**
 * What a worker answers on its data plane: ranges of files, what it holds, and manifests for readers
 * on its node. A request names dataset, version and ordinal; the worker looks up in its own copy of
 * the manifest which object that is, so that knowing an object id opens nothing.
 */
import { crc32 } from '@node-rs/crc32';
import {
  emptyAttributes,
  LarderError,
  MAX_READ_BYTES,
  MIB,
  PROTOCOL_VERSION,
  stripeOf,
} from '../common/index.ts';
import type { Clock, CompleteDirectory, Logger, ObjectRef, Placement } from '../common/index.ts';
import {
  boundCrc,
  decodeHeld,
  decodeManifest,
  decodeMapped,
  decodeMoves,
  decodeOpenState,
  decodeOpenVersion,
  decodeRead,
  decodeTouched,
  encodeDataHead,
  encodeFrame,
  encodeJson,
  FRAME,
} from '../rpc/frames/index.ts';
import type {
  FileAddress,
  FrameHeader,
  HeldAt,
  ReadRequest,
  ReceivedRead,
  Touched,
  VersionBody,
} from '../rpc/frames/index.ts';
import type { DataHandler, DataSession, Reply } from '../rpc/data/index.ts';
import type { Moves } from './moves/index.ts';
import type { ObjectReads, ReadOptions } from './object-reads.ts';
import type { Prefetch } from './prefetch/index.ts';
import type { Versions } from './versions.ts';

export interface DataPlaneOptions {
  readonly workerId: string;
  readonly versions: Versions;
  readonly reads: ObjectReads;
  readonly prefetch: Pick<Prefetch, 'note'>;
  readonly moves: Pick<Moves, 'offered' | 'taken'>;
  /** Of the disks that are good now. */
  readonly completeDirectories: () => readonly CompleteDirectory[];
  readonly placement: () => Placement | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A report of reads that cannot be placed in this time is dropped: counters are lower bounds. */
const NOTE_TIMEOUT_MS = 10_000;
/** Reports that are being placed; more of them are dropped. A mount sends a few a second. */
const MAX_NOTES = 1_024;
/** Twice what a mount can count as open: a reader that says more is not believed. */
const MAX_OPEN_PER_SESSION = 65_536;
/** Filled in anew by each look-up. */
const attributes = emptyAttributes();
/** What one read holds at most, however long it is: what waits in a tap, or two reads of the disk. */
const MAX_READ_MEMORY_BYTES = 4 * MIB;

export class DataPlane implements DataHandler {
  readonly welcome;
  readonly #options: DataPlaneOptions;
  readonly #openBySession = new Map<DataSession, Set<string>>();
  #notes = 0;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.welcome = { protocol: PROTOCOL_VERSION, workerId: options.workerId };
  }

  memoryBytes(header: FrameHeader, body: Buffer): number {
    if (header.type !== FRAME.READ) return 0;
    const { hops, lengthBytes } = decodeRead(body);
    // Of another worker's reads none waits for memory that its own readers hold here while they wait for it.
    return hops > 0 ? 0 : Math.min(lengthBytes, MAX_READ_MEMORY_BYTES);
  }

  async request(header: FrameHeader, body: Buffer, reply: Reply): Promise<void> {
    switch (header.type) {
      case FRAME.READ:
        await this.#read(decodeRead(body), reply);
        return;
      case FRAME.HOLD:
        await this.#hold(decodeRead(body), reply);
        return;
      case FRAME.OFFER:
        await this.#options.moves.offered(decodeMoves(body), reply.signal);
        await reply.send(encodeFrame(FRAME.END, reply.requestId));
        return;
      case FRAME.TAKEN:
        await this.#options.moves.taken(decodeMoves(body), reply.signal);
        await reply.send(encodeFrame(FRAME.END, reply.requestId));
        return;
      case FRAME.PING:
        await reply.send(encodeFrame(FRAME.END, reply.requestId));
        return;
      case FRAME.HELD: {
        const { address, range } = decodeHeld(body);
        const ref = await this.#object(address, reply.signal, { isRead: false });
        const state = this.#options.reads.held(ref.objectId, range);
        await reply.send(encodeJson(FRAME.HELD_STATE, reply.requestId, state));
        return;
      }
      case FRAME.OPEN_VERSION: {
        const state = await this.#openVersion(decodeOpenVersion(body), reply.signal);
        await reply.send(encodeJson(FRAME.VERSION, reply.requestId, state));
        return;
      }
      case FRAME.MANIFEST: {
        const { datasetId, version, offsetBytes, lengthBytes } = decodeManifest(body);
        const opened = await this.#options.versions.get(datasetId, version, reply.signal);
        await opened.replica.ensure(offsetBytes, lengthBytes, reply.signal);
        await reply.send(encodeFrame(FRAME.END, reply.requestId));
        return;
      }
      default:
        throw new LarderError('NOT_YET_AVAILABLE', { frame: header.type });
    }
  }

  notice(header: FrameHeader, body: Buffer, session: DataSession): void {
    if (header.type === FRAME.OPEN_STATE) {
      const { objectId, open } = decodeOpenState(body);
      this.#setOpen(session, objectId, open);
    } else if (header.type === FRAME.TOUCHED) {
      this.#note('a report of reads', async (signal) => {
        await this.#touched(decodeTouched(body), { signal, isLocal: true });
      });
    } else if (header.type === FRAME.MAPPED) {
      this.#note('a report of a mapped file', async (signal) => {
        const { address, offsetBytes } = decodeMapped(body);
        const ref = await this.#object(address, signal, { isRead: false });
        this.#options.reads.mapped(ref, offsetBytes);
      });
    }
  }

  /** @throws {LarderError} `NOT_FOUND` */
  async sizeOf(file: FileAddress, signal: AbortSignal): Promise<number> {
    return (await this.#object(file, signal, { isRead: false })).sizeBytes;
  }

  /** Reads that a thread of this worker has answered count as its own. */
  async touched(touched: Touched): Promise<void> {
    const signal = AbortSignal.timeout(NOTE_TIMEOUT_MS);
    await this.#touched(touched, { signal, isLocal: false }).catch((error: unknown) => {
      this.#options.log.debug({ err: error }, 'a read that was answered could not be counted');
    });
  }

  async #touched(
    touched: Touched,
    { signal, isLocal }: Pick<Reply, 'signal' | 'isLocal'>,
  ): Promise<void> {
    const { address, offsetBytes, lengthBytes, bytes } = touched;
    const ref = await this.#object(address, signal, { isRead: true });
    this.#options.reads.touched(ref, offsetBytes, lengthBytes, { bytes, isLocal });
  }

  async #read(request: ReceivedRead, reply: Reply): Promise<void> {
    const ref = await this.#readable(request, reply);
    if (ref === undefined) return;
    const { offsetBytes, lengthBytes } = request;
    const options = this.#readOptions(request, reply);
    const pieces = this.#options.reads.read(ref, offsetBytes, lengthBytes, options);
    for await (const { offsetBytes: at, bytes } of pieces) {
      const crc = boundCrc(ref.objectId, at, bytes.length, crc32(bytes));
      await reply.send(encodeDataHead(reply.requestId, at, crc, bytes.length), bytes);
    }
    await reply.send(encodeFrame(FRAME.END, reply.requestId));
  }

  async #hold(request: ReceivedRead, reply: Reply): Promise<void> {
    const ref = await this.#readable(request, reply);
    if (ref === undefined) return;
    const { offsetBytes, lengthBytes } = request;
    const options = this.#readOptions(request, reply);
    const heldAt: HeldAt = await this.#options.reads.hold(ref, offsetBytes, lengthBytes, options);
    await reply.send(encodeJson(FRAME.HELD_AT, reply.requestId, heldAt));
  }

  #readOptions(request: ReceivedRead, { signal, isLocal }: Reply): ReadOptions {
    const { mayFetch, hops, placement } = request;
    const deadlineAtMs = this.#options.clock.monotonicMs() + request.deadlineMs;
    // With a placement that has not come here yet, others may be before this worker than it knows.
    const mayPassOn = hops === 0 || placement <= (this.#options.placement()?.number ?? 0);
    return { mayFetch, signal, hops, mayPassOn, deadlineAtMs, isLocal };
  }

  /** The object of a request, or undefined where the reader was told that it has moved. */
  async #readable(request: ReadRequest, reply: Reply): Promise<ObjectRef | undefined> {
    const ref = await this.#object(request, reply.signal, { isRead: true });
    const { offsetBytes, lengthBytes } = request;
    if (offsetBytes + lengthBytes > ref.sizeBytes || lengthBytes > MAX_READ_BYTES) {
      throw new LarderError('INVALID_ARGUMENT', {
        offsetBytes,
        lengthBytes,
        sizeBytes: ref.sizeBytes,
      });
    }
    if (this.#hasMoved(request, ref)) {
      const body = { placement: this.#options.placement()?.number ?? 0 };
      await reply.send(encodeJson(FRAME.MOVED, reply.requestId, body));
      return undefined;
    }
    return ref;
  }

  /** An older placement than ours sent the reader here, the object has another owner, and it is not here. */
  #hasMoved(request: ReadRequest, ref: ObjectRef): boolean {
    const placement = this.#options.placement();
    const { offsetBytes, lengthBytes, mayFetch } = request;
    if (placement === undefined || request.placement === 0 || !mayFetch) return false;
    if (request.placement >= placement.number) return false;
    const owner = placement.owner(ref.objectId, stripeOf(offsetBytes, ref.sizeBytes));
    if (owner === undefined || owner.workerId === this.#options.workerId) return false;
    return !this.#options.reads.holds(ref, offsetBytes, lengthBytes);
  }

  async #object(
    address: FileAddress,
    signal: AbortSignal,
    { isRead }: { readonly isRead: boolean },
  ): Promise<ObjectRef> {
    const { versions, prefetch } = this.#options;
    const { datasetId, version, ordinal } = address;
    const opened = await versions.get(datasetId, version, signal);
    const ref = await opened.replica.withPages(signal, (reader) => {
      if (ordinal >= reader.entryCount || reader.attributes(ordinal, attributes).kind !== 'file') {
        throw new LarderError('NOT_FOUND', { ordinal });
      }
      return opened.objectRef(reader, ordinal);
    });
    if (isRead) prefetch.note(opened, ordinal, ref.sizeBytes);
    return ref;
  }

  async #openVersion(
    request: { datasetId: number; version: number },
    signal: AbortSignal,
  ): Promise<VersionBody> {
    const { replica } = await this.#options.versions.get(
      request.datasetId,
      request.version,
      signal,
    );
    const completeDirectories = this.#options.completeDirectories();
    return {
      manifestPath: replica.path,
      manifestBytes: replica.sizeBytes,
      manifestPercent: replica.percent,
      completeDirectory: completeDirectories[0]?.path ?? '',
      completeDirectories,
    };
  }

  /** What a reader tells, and nobody waits for. */
  #note(what: string, take: (signal: AbortSignal) => Promise<void>): void {
    if (this.#notes >= MAX_NOTES) return;
    this.#notes += 1;
    void take(AbortSignal.timeout(NOTE_TIMEOUT_MS))
      .catch((error: unknown) => {
        this.#options.log.debug({ err: error }, `${what} was not understood`);
      })
      .finally(() => {
        this.#notes -= 1;
      });
  }

  /** A mount may tell the same twice, after it connected again: each object counts once per session. */
  #setOpen(session: DataSession, objectId: string, open: boolean): void {
    let objects = this.#openBySession.get(session);
    if (objects === undefined) {
      const mine = new Set<string>();
      objects = mine;
      this.#openBySession.set(session, mine);
      session.onClose(() => {
        this.#openBySession.delete(session);
        for (const id of mine) this.#options.reads.setOpen(id, -1);
      });
    }
    if (objects.has(objectId) === open) return;
    if (open && objects.size >= MAX_OPEN_PER_SESSION) return;
    if (open) objects.add(objectId);
    else objects.delete(objectId);
    this.#options.reads.setOpen(objectId, open ? 1 : -1);
  }
}
