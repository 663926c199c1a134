/**
 * The listening side of the data plane: accepts connections over TCP and a Unix socket, cuts them
 * into frames, and gives each request to a handler.
 *
 * Always true:
 *   - a connection that sends garbage, or nothing for `helloTimeoutMs`, is closed; the others go on;
 *   - one slow receiver holds back only its own connection: writes wait for its socket;
 *   - a request that is cancelled, or whose connection ends, has its signal aborted.
 */
import fs from 'node:fs';
import net from 'node:net';
import { asLarderError, LarderError, systemCode } from '../../common/index.ts';
import type { Clock, Logger } from '../../common/index.ts';
import { encodeError, encodeEvicted, encodeJson, FRAME } from '../frames/index.ts';
import type { FrameHeader, Welcome } from '../frames/index.ts';
import { formatAddress } from './address.ts';
import type { DataAddress } from './address.ts';
import { FrameReader } from './frame-reader.ts';

/** The way back for one request. */
export interface Reply {
  readonly requestId: number;
  readonly signal: AbortSignal;
  /** Writes all parts one after the other; resolves when the socket can take more. */
  send(...parts: Buffer[]): Promise<void>;
}

/** One connection, for what outlives a request. */
export interface DataSession {
  onClose(listener: () => void): void;
}

export interface DataHandler {
  readonly welcome: Welcome;
  /** Answers a request, or throws a `LarderError` that is sent as ERROR. */
  request(header: FrameHeader, body: Buffer, reply: Reply): Promise<void>;
  /** A frame that has no answer. */
  notice(header: FrameHeader, body: Buffer, session: DataSession): void;
}

export interface DataServerOptions {
  readonly handler: DataHandler;
  readonly clock: Clock;
  readonly log: Logger;
  /** A connection must say HELLO within this time. */
  readonly helloTimeoutMs: number;
  readonly maxConnections: number;
}

export class DataServer implements AsyncDisposable {
  readonly #options: DataServerOptions;
  readonly #servers: net.Server[] = [];
  readonly #connections = new Set<Connection>();

  constructor(options: DataServerOptions) {
    this.#options = options;
  }

  /**
   * Listens; port 0 takes a free one.
   *
   * @param socketMode of a Unix socket: who may connect
   * @returns the address as clients connect to it
   * @throws {LarderError} `UNAVAILABLE` where the address cannot be had
   */
  async listen(address: DataAddress, socketMode = 0o600): Promise<string> {
    const server = net.createServer({ noDelay: true }, (socket) => {
      this.#accept(socket);
    });
    server.maxConnections = this.#options.maxConnections;
    if (address.kind === 'unix') fs.rmSync(address.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const why = systemCode(cause) ?? cause.message;
        reject(new LarderError('UNAVAILABLE', { listen: formatAddress(address), why }, { cause }));
      });
      server.listen(address.kind === 'unix' ? { path: address.path } : address, resolve);
    });
    server.on('error', (error) => {
      this.#options.log.warn({ err: error }, 'accepting a connection failed');
    });
    this.#servers.push(server);
    if (address.kind === 'unix') {
      fs.chmodSync(address.path, socketMode);
      return address.path;
    }
    const bound = server.address();
    return formatAddress({ ...address, port: typeof bound === 'object' ? (bound?.port ?? 0) : 0 });
  }

  /** Tells every connection that an object was evicted, so that fds on it are closed. */
  broadcastEvicted(objectId: string): void {
    const frame = encodeEvicted(objectId);
    for (const connection of this.#connections) connection.write(frame);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => {
            resolve();
          });
        }),
    );
    for (const connection of this.#connections) connection.close();
    await Promise.all(closed);
  }

  #accept(socket: net.Socket): void {
    const connection = new Connection(socket, this.#options, () => {
      this.#connections.delete(connection);
    });
    this.#connections.add(connection);
  }
}

class Connection implements DataSession {
  readonly #socket: net.Socket;
  readonly #options: DataServerOptions;
  readonly #running = new Map<number, AbortController>();
  readonly #closeListeners: (() => void)[] = [];
  readonly #frames: FrameReader;
  readonly #cancelHelloTimer: () => void;
  #greeted = false;

  constructor(socket: net.Socket, options: DataServerOptions, onClosed: () => void) {
    this.#socket = socket;
    this.#options = options;
    this.#frames = new FrameReader({
      destination: () => undefined,
      data: () => undefined,
      frame: (header, body) => {
        this.#frame(header, body);
      },
    });
    this.#cancelHelloTimer = options.clock.schedule(options.helloTimeoutMs, () => {
      this.close();
    });
    // Every waiting write listens for `drain` and `close`.
    socket.setMaxListeners(0);
    socket.on('data', (bytes: Buffer) => {
      this.#receive(bytes);
    });
    socket.on('error', (error) => {
      options.log.debug({ err: error }, 'connection failed');
    });
    socket.on('close', () => {
      this.#cancelHelloTimer();
      for (const controller of this.#running.values()) controller.abort();
      for (const listener of this.#closeListeners) listener();
      onClosed();
    });
  }

  onClose(listener: () => void): void {
    this.#closeListeners.push(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  write(...parts: Buffer[]): boolean {
    if (this.#socket.destroyed) return true;
    this.#socket.cork();
    let room = true;
    for (const part of parts) room = this.#socket.write(part);
    this.#socket.uncork();
    return room;
  }

  #receive(bytes: Buffer): void {
    try {
      this.#frames.push(bytes);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'connection closed: malformed frame');
      this.write(encodeError(0, asLarderError(error)));
      this.#socket.destroySoon();
    }
  }

  #frame(header: FrameHeader, body: Buffer): void {
    if (!this.#greeted) {
      if (header.type !== FRAME.HELLO) throw new LarderError('FRAME_INVALID', { what: 'no HELLO' });
      this.#greeted = true;
      this.#cancelHelloTimer();
      this.write(encodeJson(FRAME.WELCOME, header.requestId, this.#options.handler.welcome));
    } else if (header.type === FRAME.CANCEL) {
      this.#running.get(header.requestId)?.abort();
    } else if (header.requestId === 0) {
      this.#options.handler.notice(header, body, this);
    } else {
      void this.#serve(header, body);
    }
  }

  async #serve(header: FrameHeader, body: Buffer): Promise<void> {
    const { requestId } = header;
    const controller = new AbortController();
    this.#running.set(requestId, controller);
    const send = async (...parts: Buffer[]): Promise<void> => {
      if (!this.write(...parts)) await this.#room();
    };
    try {
      await this.#options.handler.request(header, body, {
        requestId,
        signal: controller.signal,
        send,
      });
    } catch (error) {
      const failure = asLarderError(error);
      if (failure.code === 'INTERNAL') this.#options.log.error({ err: error }, 'request failed');
      if (!controller.signal.aborted) this.write(encodeError(requestId, failure));
    } finally {
      this.#running.delete(requestId);
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
      if (this.#socket.destroyed) done();
    });
  }
}
