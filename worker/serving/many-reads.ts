/**
 * READ_MANY, answered as one READ after the other by whatever answers those.
 *
 * Always true: files are answered in the order of the request, each with its ITEM; the next few are begun
 * meanwhile, and wait with their first piece until it is their turn; a file that cannot be had here, or has moved,
 * is an ITEM that says so, and the rest goes on.
 */
import {
  asLarderError,
  FRAME_HEADER_BYTES,
  LarderError,
  MAX_READ_BYTES,
  MIB,
} from '../../common/index.ts';
import type { DataHandler, DataSession, Part, Reply } from '../../rpc/data/index.ts';
import {
  decodeHeader,
  decodeReadMany,
  encodeFrame,
  encodeItem,
  encodeRead,
  FRAME,
} from '../../rpc/frames/index.ts';
import type { FileAddress, FrameHeader, ReadManyRequest } from '../../rpc/frames/index.ts';

/** The size of a file; undefined where only the handler of READs can say: the request is left to it. */
export type SizeOf = (file: FileAddress, signal: AbortSignal) => Promise<number | undefined>;

interface SizedRequest extends ReadManyRequest {
  readonly sizes: readonly number[];
}

/** Files that are begun at a time: an origin's first byte takes as long as many small files. */
const AT_A_TIME = 8;
/** Of all that are begun: what they hold, or at least its order. */
const MEMORY_BYTES = 2 * MIB;

export class ManyReads implements DataHandler {
  readonly welcome;
  readonly #inner: DataHandler;
  readonly #sizeOf: SizeOf;

  constructor(inner: DataHandler, sizeOf: SizeOf) {
    this.welcome = inner.welcome;
    this.#inner = inner;
    this.#sizeOf = sizeOf;
  }

  memoryBytes(header: FrameHeader, body: Buffer): number {
    if (header.type === FRAME.READ_MANY) return MEMORY_BYTES;
    return this.#inner.memoryBytes?.(header, body) ?? 0;
  }

  async request(
    header: FrameHeader,
    body: Buffer,
    reply: Reply,
    session: DataSession,
  ): Promise<void> {
    if (header.type === FRAME.READ_MANY) {
      const request = decodeReadMany(body);
      const sizes = await this.#sizes(request, reply.signal);
      if (sizes !== undefined) {
        await this.#many({ ...request, sizes }, reply, session);
        return;
      }
    }
    await this.#inner.request(header, body, reply, session);
  }

  notice(header: FrameHeader, body: Buffer, session: DataSession): void {
    this.#inner.notice(header, body, session);
  }

  async #many(request: SizedRequest, reply: Reply, session: DataSession): Promise<void> {
    const { ordinals, sizes } = request;
    const turns = ordinals.map(() => new Turn());
    turns[0]?.come();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < ordinals.length) {
        const index = next;
        next += 1;
        reply.signal.throwIfAborted();
        const file = { ...request, ordinal: ordinals[index] ?? 0, sizeBytes: sizes[index] ?? 0 };
        const turn = turns[index]?.coming;
        const failure = await this.#one(file, { reply, turn }, session);
        await turn;
        if (!reply.signal.aborted) await reply.send(encodeItem(reply.requestId, failure));
        turns[index + 1]?.come();
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_A_TIME }, work));
    } finally {
      // Where it was cancelled, none waits for a turn that does not come.
      for (const turn of turns) turn.come();
    }
    await reply.send(encodeFrame(FRAME.END, reply.requestId));
  }

  /** @throws {LarderError} `INVALID_ARGUMENT` where they are too much together */
  async #sizes(
    { datasetId, version, ordinals }: ReadManyRequest,
    signal: AbortSignal,
  ): Promise<number[] | undefined> {
    const sizes: number[] = [];
    let bytes = 0;
    for (const ordinal of ordinals) {
      const size = await this.#sizeOf({ datasetId, version, ordinal }, signal);
      if (size === undefined) return undefined;
      sizes.push(size);
      bytes += size;
    }
    if (bytes <= MAX_READ_BYTES) return sizes;
    throw new LarderError('INVALID_ARGUMENT', { bytes, limit: MAX_READ_BYTES });
  }

  /** @returns why the file was not had */
  async #one(
    file: ReadManyRequest & { readonly ordinal: number; readonly sizeBytes: number },
    { reply, turn }: { readonly reply: Reply; readonly turn: Promise<void> | undefined },
    session: DataSession,
  ): Promise<LarderError | undefined> {
    const { ordinal, sizeBytes } = file;
    if (sizeBytes === 0) return undefined;
    const read = encodeRead(0, { ...file, offsetBytes: 0, lengthBytes: sizeBytes });
    const body = read.subarray(FRAME_HEADER_BYTES);
    const header = { type: FRAME.READ, requestId: reply.requestId, bodyBytes: body.length };
    let elsewhere: LarderError | undefined;
    const send = async (...parts: Part[]): Promise<void> => {
      const { type } = headerOf(parts);
      if (type === FRAME.DATA) {
        await turn;
        reply.signal.throwIfAborted();
        await reply.send(...parts);
      } else if (type !== FRAME.END) {
        elsewhere = new LarderError('BUSY', { ordinal, answer: type });
      }
    };
    try {
      await this.#inner.request(header, body, { ...reply, send }, session);
      return elsewhere;
    } catch (error) {
      if (reply.signal.aborted) throw error;
      return asLarderError(error);
    }
  }
}

class Turn {
  readonly coming: Promise<void>;
  come: () => void = () => undefined;

  constructor() {
    this.coming = new Promise((resolve) => {
      this.come = resolve;
    });
  }
}

function headerOf([first]: readonly Part[]): FrameHeader {
  return Buffer.isBuffer(first)
    ? decodeHeader(first)
    : { type: FRAME.END, requestId: 0, bodyBytes: 0 };
}
