/**
 * Accepts connections for a gRPC server, which by itself takes any number of them, waits 30 s (for an answer
 * to its ping) for their first bytes, and listens for no error of accepting.
 *
 * Always true:
 *   - only a connection that began with HTTP/2's preface, within a deadline, gets to the server;
 *   - one connection more than the limit is closed; those that are there go on;
 *   - where the process has no file descriptor left, accepting goes on.
 */
import net from 'node:net';
import { ACCEPT_BACKLOG, LarderError, SparseWarning } from '../../common/index.ts';
import type { Clock, Logger } from '../../common/index.ts';
import { formatAddress } from './listen.ts';
import type { Address } from './listen.ts';

export interface DoorkeeperOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxConnections: number;
  /** A connection must have sent the preface within this time. */
  readonly prefaceTimeoutMs: number;
  readonly admit: (socket: net.Socket) => void;
}

/** RFC 9113, section 3.4. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** What a client of another protocol is told; one of HTTP/1 shows it. */
const NOT_GRPC =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n' +
  'This is the gRPC port of a Larder master.\n';

export class Doorkeeper implements AsyncDisposable {
  readonly #options: DoorkeeperOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #warning: SparseWarning;

  constructor(options: DoorkeeperOptions) {
    this.#options = options;
    this.#warning = new SparseWarning(options.clock, options.log);
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      this.#accept(socket);
    });
  }

  /**
   * @returns the real port
   * @throws {LarderError} `UNAVAILABLE` where the address cannot be had
   */
  async listen(wanted: Address): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => {
        const facts = { address: formatAddress(wanted), what: cause.message };
        reject(new LarderError('UNAVAILABLE', facts, { cause }));
      });
      this.#server.listen({ ...wanted, backlog: ACCEPT_BACKLOG }, resolve);
    });
    this.#server.on('error', (error) => {
      this.#warning.say({ err: error }, 'accepting a connection failed');
    });
    const bound = this.#server.address();
    return typeof bound === 'object' ? (bound?.port ?? 0) : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: net.Socket): void {
    const { clock, maxConnections, prefaceTimeoutMs } = this.#options;
    socket.on('error', () => undefined);
    if (this.#sockets.size >= maxConnections) {
      this.#warning.say({ limit: maxConnections }, 'too many connections: one was refused');
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const cancel = clock.schedule(prefaceTimeoutMs, () => {
      socket.destroy();
    });
    socket.once('close', () => {
      cancel();
      this.#sockets.delete(socket);
    });
    this.#awaitPreface(socket, cancel);
  }

  #awaitPreface(socket: net.Socket, cancelTimer: () => void): void {
    const parts: Buffer[] = [];
    const onReadable = () => {
      const part = socket.read() as Buffer | null;
      if (part === null) return;
      parts.push(part);
      const bytes = Buffer.concat(parts);
      const begun = bytes.subarray(0, PREFACE.length);
      if (!begun.equals(PREFACE.subarray(0, begun.length))) {
        socket.off('readable', onReadable);
        socket.write(NOT_GRPC);
        socket.destroySoon();
      } else if (begun.length === PREFACE.length) {
        cancelTimer();
        socket.off('readable', onReadable);
        socket.unshift(bytes);
        this.#options.admit(socket);
      }
    };
    socket.on('readable', onReadable);
  }
}
