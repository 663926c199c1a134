/**
 * One connection of a reader, on the side of the worker: cuts bytes into frames, gives each request to
 * the handler, and its answer to the socket.
 *
 * Always true:
 *   - a connection is closed that sends garbage, that does not end a frame (HELLO first of all) within
 *     `frameTimeoutMs` of its first byte, or that takes nothing of what waits for it for `sendTimeoutMs`;
 *   - what it can make this process hold is bounded: `maxRequests` requests, and of the bytes of reads
 *     its share. Beyond that it is not read from, so that TCP tells the other side to wait;
 *   - one slow receiver holds back only its own connection: writes wait for its socket;
 *   - a request that is cancelled, or whose connection ends, has its signal aborted.
 */
import type net from 'node:net';
import { asLarderError, LarderError, MAX_REQUEST_BODY_BYTES } from '../../common/index.ts';
import type { Clock, Logger, SparseWarning } from '../../common/index.ts';
import { decodeJson, encodeError, encodeJson, FRAME } from '../frames/index.ts';
import type { FrameHeader } from '../frames/index.ts';
import { FrameReader } from './frame-reader.ts';
import { serveRequest } from './serve-request.ts';
import type { DataHandler, DataSession } from './serve-request.ts';
import type { ConnectionSlots } from './connection-slots.ts';
import type { ByteShare } from './shared-bytes.ts';
import { SocketOutput } from './socket-output.ts';
import type { Part } from './socket-output.ts';

export interface DataServerOptions {
  readonly handler: DataHandler;
  readonly clock: Clock;
  readonly log: Logger;
  /** HELLO, and the rest of every frame that has begun, must be there within this time. */
  readonly frameTimeoutMs: number;
  /** A connection that takes nothing of what waits for it for so long is closed. */
  readonly sendTimeoutMs: number;
  /** Requests of one connection at a time; more of them wait in its socket. */
  readonly maxRequests: number;
  readonly maxConnections: number;
  /** Instead of `maxConnections`: those that threads of the process share. */
  readonly connectionSlots?: ConnectionSlots;
  /** Bytes of reads that are being answered, of all connections together. */
  readonly maxReadBytes: number;
}

export class ServerConnection implements DataSession {
  readonly #socket: net.Socket;
  readonly #output: SocketOutput;
  readonly #options: DataServerOptions;
  readonly #share: ByteShare;
  readonly #warning: SparseWarning;
  readonly #running = new Map<number, AbortController>();
  readonly #closeListeners: (() => void)[] = [];
  readonly #frames: FrameReader;
  #cancelFrameTimer: (() => void) | undefined;
  #cancelSendTimer: (() => void) | undefined;
  #greeted = false;
  #reader: string | undefined;
  readonly #isLocal: boolean;
  #refused = false;

  constructor(
    socket: net.Socket,
    options: DataServerOptions,
    shared: { readonly memory: ByteShare; readonly warning: SparseWarning },
    onClosed: () => void,
  ) {
    this.#socket = socket;
    // A Unix socket has no address.
    this.#isLocal = socket.remoteAddress === undefined;
    this.#options = options;
    this.#share = shared.memory;
    this.#warning = shared.warning;
    this.#frames = new FrameReader(
      {
        destination: () => {
          throw new LarderError('FRAME_INVALID', { what: 'DATA from a reader' });
        },
        data: () => undefined,
        frame: (header, body) => {
          this.#frame(header, body);
        },
      },
      MAX_REQUEST_BODY_BYTES,
    );
    this.#output = new SocketOutput(socket, {
      onProgress: () => {
        this.#cancelSendTimer?.();
        this.#cancelSendTimer = undefined;
      },
      onWaiting: () => {
        this.#expectProgress();
      },
    });
    this.#expectFrame();
    socket.on('data', (bytes: Buffer) => {
      this.#receive(bytes);
    });
    socket.on('error', (error) => {
      options.log.debug({ err: error }, 'connection failed');
    });
    socket.on('close', () => {
      this.#cancelFrameTimer?.();
      this.#cancelSendTimer?.();
      for (const controller of this.#running.values()) controller.abort();
      for (const listener of this.#closeListeners) listener();
      onClosed();
    });
  }

  get reader(): string | undefined {
    return this.#reader;
  }

  onClose(listener: () => void): void {
    this.#closeListeners.push(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  write(...parts: Part[]): boolean {
    return this.#output.write(...parts);
  }

  #receive(bytes: Buffer): void {
    if (this.#refused) return;
    const frameEnds = this.#frames.framesEnded;
    try {
      this.#frames.push(bytes);
    } catch (error) {
      this.#refuse(asLarderError(error));
      return;
    }
    if (this.#frames.framesEnded > frameEnds || this.#cancelFrameTimer === undefined) {
      this.#expectFrame();
    }
    if (this.#running.size >= this.#options.maxRequests) this.#pause();
  }

  #refuse(error: LarderError): void {
    this.#warning.say({ err: error }, 'a connection was closed: it does not speak as it must');
    this.#refused = true;
    this.#cancelFrameTimer?.();
    this.write(encodeError(0, error));
    this.#output.end();
  }

  /** From now on: the rest of a frame that has begun, or HELLO. */
  #expectFrame(): void {
    this.#cancelFrameTimer?.();
    this.#cancelFrameTimer = undefined;
    if (this.#greeted && !this.#frames.isWithin) return;
    const { clock, frameTimeoutMs } = this.#options;
    this.#cancelFrameTimer = clock.schedule(frameTimeoutMs, () => {
      const what = this.#greeted ? 'an unfinished frame' : 'no HELLO';
      this.#refuse(new LarderError('FRAME_INVALID', { what, waitedMs: frameTimeoutMs }));
    });
  }

  #expectProgress(): void {
    const { clock, sendTimeoutMs, log } = this.#options;
    this.#cancelSendTimer ??= clock.schedule(sendTimeoutMs, () => {
      log.warn({ waitingBytes: this.#socket.writableLength }, 'a reader takes nothing: closed');
      this.close();
    });
  }

  #pause(): void {
    this.#socket.pause();
    this.#cancelFrameTimer?.();
    this.#cancelFrameTimer = undefined;
  }

  #resume(): void {
    if (!this.#socket.isPaused() || this.#socket.destroyed) return;
    this.#expectFrame();
    this.#socket.resume();
  }

  #frame(header: FrameHeader, body: Buffer): void {
    if (!this.#greeted) {
      if (header.type !== FRAME.HELLO) throw new LarderError('FRAME_INVALID', { what: 'no HELLO' });
      this.#greeted = true;
      this.#reader = readerOf(body);
      this.write(encodeJson(FRAME.WELCOME, header.requestId, this.#options.handler.welcome));
    } else if (header.type === FRAME.CANCEL) {
      this.#running.get(header.requestId)?.abort();
    } else if (header.requestId === 0) {
      this.#options.handler.notice(header, body, this);
    } else if (this.#running.has(header.requestId)) {
      throw new LarderError('FRAME_INVALID', { what: 'a request id that is in use' });
    } else {
      void this.#serve(header, body);
    }
  }

  async #serve(header: FrameHeader, body: Buffer): Promise<void> {
    const { handler, log, maxRequests } = this.#options;
    const { requestId } = header;
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.set(requestId, controller);
    const send = async (...parts: Part[]): Promise<void> => {
      if (!this.write(...parts)) await this.#output.room();
    };
    try {
      const reply = { requestId, signal, isLocal: this.#isLocal, send };
      await serveRequest({ header, body }, reply, { handler, share: this.#share, session: this });
    } catch (error) {
      const failure = asLarderError(error);
      if (failure.code === 'INTERNAL' && !signal.aborted) {
        log.error({ err: error }, 'request failed');
      }
      if (!signal.aborted) await send(encodeError(requestId, failure));
    } finally {
      this.#running.delete(requestId);
      if (this.#running.size < maxRequests) this.#resume();
    }
  }
}

/** Ids of workers have 32 digits. */
const MAX_READER_CHARS = 64;

/** What HELLO says of the node of whoever asks. */
function readerOf(body: Buffer): string | undefined {
  if (body.length === 0) return undefined;
  const { worker } = decodeJson(body);
  return typeof worker === 'string' && worker.length <= MAX_READER_CHARS ? worker : undefined;
}
