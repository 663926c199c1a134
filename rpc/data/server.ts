/**
 * The listening side of the data plane: accepts connections over TCP and a Unix socket, and gives each
 * to a `ServerConnection`.
 *
 * Always true:
 *   - one connection more than there are slots is told `BUSY` and closed; those that are there go on;
 *   - where the process has no file descriptor left, a connection is closed, and accepting goes on;
 *   - all connections together hold at most `maxReadBytes` of bytes that are being sent.
 */
import fs from 'node:fs';
import net from 'node:net';
import { ACCEPT_BACKLOG, LarderError, SparseWarning, systemCode } from '../../common/index.ts';
import { encodeError, encodeEvicted, encodeFrame, FRAME } from '../frames/index.ts';
import { formatAddress } from './address.ts';
import type { DataAddress } from './address.ts';
import { ConnectionSlots } from './connection-slots.ts';
import { ServerConnection } from './server-connection.ts';
import type { DataServerOptions } from './server-connection.ts';
import { SharedBytes } from './shared-bytes.ts';
import type { ByteShare } from './shared-bytes.ts';

/** TCP asks a silent peer for a sign of life after this: a host that vanished keeps no connection. */
const KEEP_ALIVE_AFTER_MS = 60_000;

export interface ListenOptions {
  /** Of a Unix socket: who may connect. Default 0o600. */
  readonly socketMode?: number | undefined;
  /** Of TCP: other threads listen on the same port, and the kernel deals connections out. */
  readonly reusePort?: boolean;
}

export class DataServer implements AsyncDisposable {
  readonly #options: DataServerOptions;
  readonly #servers: net.Server[] = [];
  readonly #connections = new Set<ServerConnection>();
  readonly #memory: SharedBytes;
  readonly #warning: SparseWarning;
  readonly #slots: ConnectionSlots;

  constructor(options: DataServerOptions) {
    this.#options = options;
    this.#slots = options.connectionSlots ?? new ConnectionSlots(options.maxConnections);
    this.#memory = new SharedBytes(options.maxReadBytes);
    this.#warning = new SparseWarning(options.clock, options.log);
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Of the memory of reads, for requests that do not come over a connection of this server. */
  share(): ByteShare {
    return this.#memory.share();
  }

  /** Taken by reads that are being answered. */
  get readBytes(): number {
    return this.#memory.usedBytes;
  }

  /**
   * Listens; port 0 takes a free one.
   *
   * @returns the address as clients connect to it
   * @throws {LarderError} `UNAVAILABLE` where the address cannot be had
   */
  async listen(
    address: DataAddress,
    { socketMode = 0o600, reusePort = false }: ListenOptions = {},
  ): Promise<string> {
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS };
    const server = net.createServer({ noDelay: true, ...keepAlive }, (socket) => {
      this.#accept(socket);
    });
    if (address.kind === 'unix') fs.rmSync(address.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const why = systemCode(cause) ?? cause.message;
        reject(new LarderError('UNAVAILABLE', { listen: formatAddress(address), why }, { cause }));
      });
      const where = address.kind === 'unix' ? { path: address.path } : address;
      server.listen({ ...where, backlog: ACCEPT_BACKLOG, reusePort }, resolve);
    });
    server.on('error', (error) => {
      this.#warning.say({ err: error }, 'accepting a connection failed');
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

  /** Tells every connection that the disks are others now. */
  broadcastDisksChanged(): void {
    const frame = encodeFrame(FRAME.DISKS_CHANGED, 0);
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
    if (!this.#slots.tryTake()) {
      const { limit } = this.#slots;
      const error = new LarderError('BUSY', { what: 'connections', limit });
      this.#warning.say({ limit }, 'too many connections: one was refused');
      socket.on('error', () => undefined);
      socket.write(encodeError(0, error));
      socket.destroySoon();
      return;
    }
    const shared = { memory: this.#memory.share(), warning: this.#warning };
    const connection = new ServerConnection(socket, this.#options, shared, () => {
      this.#connections.delete(connection);
      this.#slots.giveBack();
    });
    this.#connections.add(connection);
  }
}
