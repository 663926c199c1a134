/**
 * What a serving thread answers: reads of complete objects by itself, everything else through the main thread.
 *
 * Always true:
 *   - what it cannot answer, or not to the end, it passes on from the byte that it has come to, so that a
 *     reader gets one answer: its bytes, or the main thread's word;
 *   - a file that fails while it is being sent is looked at by the main thread, which gives it up if it is
 *     damaged; so is one whose bytes a receiver doubts (`verify`).
 */
import { CHUNK_BYTES, MAX_READ_BYTES, PROTOCOL_VERSION } from '../../common/index.ts';
import type { DataHandler, DataSession, Reply } from '../../rpc/data/index.ts';
import { decodeRead, encodeFrame, encodeRead, FRAME } from '../../rpc/frames/index.ts';
import type { FrameHeader, ReadRequest } from '../../rpc/frames/index.ts';
import { FRAME_HEADER_BYTES } from '../../common/index.ts';
import type { CompleteObject, CompleteObjects } from './complete-objects.ts';
import type { ManifestViews } from './manifest-views.ts';
import { frameOf, startPiece } from './pieces.ts';
import type { RelayClient } from './relay-client.ts';
import type { ServedReads } from './served-reads.ts';

export interface ThreadHandlerOptions {
  readonly workerId: string;
  readonly views: ManifestViews;
  readonly objects: CompleteObjects;
  readonly relay: RelayClient;
  readonly served: ServedReads;
  /** The number of the worker's placement. */
  readonly placement: () => number;
  /** A file failed: the body of a READ that makes the main thread look at it. */
  readonly onDoubt: (body: Buffer) => void;
}

/** What a read holds at most here: a piece that is being sent and the next, or as much of the relay. */
const READ_MEMORY_BYTES = 2 * CHUNK_BYTES;

export class ThreadHandler implements DataHandler {
  readonly welcome;
  readonly #options: ThreadHandlerOptions;

  constructor(options: ThreadHandlerOptions) {
    this.#options = options;
    this.welcome = { protocol: PROTOCOL_VERSION, workerId: options.workerId };
  }

  memoryBytes(header: FrameHeader, body: Buffer): number {
    if (header.type !== FRAME.READ) return 0;
    const { hops, lengthBytes } = decodeRead(body);
    // See `DataPlane.memoryBytes`.
    return hops > 0 ? 0 : Math.min(lengthBytes, READ_MEMORY_BYTES);
  }

  async request(
    header: FrameHeader,
    body: Buffer,
    reply: Reply,
    session: DataSession,
  ): Promise<void> {
    const { relay } = this.#options;
    if (header.type !== FRAME.READ) {
      await relay.request({ type: header.type, body }, reply, session);
      return;
    }
    const request = decodeRead(body);
    const sentBytes = await this.#serve(request, reply, session.reader);
    if (sentBytes > 0 && sentBytes === request.lengthBytes) {
      await reply.send(encodeFrame(FRAME.END, reply.requestId));
      return;
    }
    const rest = {
      ...request,
      offsetBytes: request.offsetBytes + sentBytes,
      lengthBytes: request.lengthBytes - sentBytes,
    };
    await relay.request({ type: FRAME.READ, body: readBody(rest) }, reply, session);
  }

  notice(header: FrameHeader, body: Buffer, session: DataSession): void {
    this.#options.relay.notice({ type: header.type, body }, session);
  }

  /** @returns bytes from the start of the request that were sent */
  async #serve(request: ReadRequest, reply: Reply, reader: string | undefined): Promise<number> {
    const { views, objects, placement, served } = this.#options;
    const found = views.find(request);
    if (found === undefined) return 0;
    if (request.verify === true) {
      objects.forget(found.objectId);
      return 0;
    }
    // An older placement than ours: whether the object has moved is for the main thread to say.
    if (request.placement !== 0 && request.placement < placement()) return 0;
    const toBytes = request.offsetBytes + request.lengthBytes;
    if (toBytes > found.sizeBytes || request.lengthBytes > MAX_READ_BYTES) return 0;
    using object = await objects.open(found);
    if (object === undefined) return 0;
    const sentBytes = await this.#send(object, request, reply);
    // Who passed it on counts it as a read of its own readers.
    if (sentBytes > 0 && (request.hops ?? 0) === 0) served.add({ ...request, reader }, sentBytes);
    return sentBytes;
  }

  async #send(object: CompleteObject, request: ReadRequest, reply: Reply): Promise<number> {
    const { objectId } = object;
    const toBytes = request.offsetBytes + request.lengthBytes;
    const failed = (chunk: number) => {
      this.#doubt(object, request, chunk);
    };
    let position = request.offsetBytes;
    const start = (fromBytes: number) => startPiece(object, { fromBytes, toBytes }, failed);
    try {
      let next = start(position);
      while (position < toBytes) {
        const current = await next;
        reply.signal.throwIfAborted();
        const endBytes = position + current.lengthBytes;
        if (endBytes < toBytes) next = start(endBytes);
        // Whoever awaits it sees its failure.
        next.catch(() => undefined);
        await reply.send(...frameOf(reply.requestId, objectId, position, current));
        position = endBytes;
      }
    } catch (error) {
      if (reply.signal.aborted) throw error;
      this.#options.objects.forget(objectId);
    }
    return position - request.offsetBytes;
  }

  #doubt(object: CompleteObject, request: ReadRequest, chunk: number): void {
    const { objectId, sizeBytes } = object;
    this.#options.objects.forget(objectId);
    const offsetBytes = chunk * CHUNK_BYTES;
    const lengthBytes = Math.min(CHUNK_BYTES, sizeBytes - offsetBytes);
    const look = { offsetBytes, lengthBytes, mayFetch: false, placement: 0, verify: true };
    this.#options.onDoubt(readBody({ ...request, ...look }));
  }
}

function readBody(request: ReadRequest): Buffer {
  return encodeRead(0, request).subarray(FRAME_HEADER_BYTES);
}
