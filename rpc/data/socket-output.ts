/**
 * What a connection sends, in order: bytes of this process, and bytes of files, which go by `sendfile`.
 *
 * Always true:
 *   - `sendfile` runs only while the socket's own queue is empty, so that nothing overtakes;
 *   - it never waits for the receiver: where the kernel takes no more, up to 64 KiB are written through
 *     the socket, which tells when there is room again. A slow receiver costs that much memory, and no time
 *     of others;
 *   - a file that ends too early, or cannot be read, ends the connection: what was promised in a frame's
 *     head cannot be taken back, and what is missing must not look like bytes.
 *
 * The socket's fd is asked for right before each call, and the call ends before anything else runs: a
 * socket that was closed has no handle, so an fd that now belongs to something else is never written to.
 */
import fs from 'node:fs';
import type net from 'node:net';
import { KIB, MIB } from '../../common/index.ts';
import { EAGAIN, sendAhead, sendFile } from './sendfile.ts';

/** A range of an open file, which stays open until it was sent. */
export interface FileBytes {
  readonly fd: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Told where it could not be sent: what the kernel said, or 0 where the file has ended. */
  readonly failed: (errno: number) => void;
}

export type Part = Buffer | FileBytes;

export interface SocketOutputOptions {
  /** The receiver took something of what was waiting for it. */
  readonly onProgress: () => void;
  /** Something waits for the receiver. */
  readonly onWaiting: () => void;
}

/** What goes through the socket where `sendfile` would have to wait. */
const COPY_BYTES = 64 * KIB;
/** After so much the other connections of this thread have their turn. */
const TURN_BYTES = MIB;

export class SocketOutput {
  readonly #socket: net.Socket;
  readonly #options: SocketOutputOptions;
  /** What waits behind bytes of a file. */
  readonly #queue: Part[] = [];
  #sentOfFirst = 0;
  #isPumping = false;
  #isEnding = false;
  #waiting: (() => void)[] = [];

  constructor(socket: net.Socket, options: SocketOutputOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('drain', () => {
      options.onProgress();
      this.#release();
    });
    socket.on('close', () => {
      this.#queue.length = 0;
      this.#release();
    });
  }

  /** @returns whether there is room for more */
  write(...parts: Part[]): boolean {
    if (this.#socket.destroyed) return true;
    this.#queue.push(...parts);
    if (!this.#isPumping) this.#pump();
    if (this.#hasRoom) return true;
    this.#options.onWaiting();
    return false;
  }

  /** Resolves when there is room, or the connection has ended. */
  room(): Promise<void> {
    if (this.#hasRoom || this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Closes the connection when everything was handed to the kernel. */
  end(): void {
    this.#isEnding = true;
    if (!this.#isPumping) this.#socket.destroySoon();
    this.#options.onWaiting();
  }

  get #hasRoom(): boolean {
    return this.#queue.length === 0 && !this.#socket.writableNeedDrain;
  }

  #release(): void {
    if (!this.#hasRoom && !this.#socket.destroyed) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Sends until there is nothing left, or something has to be waited for. */
  #pump(): void {
    this.#isPumping = true;
    let turnBytes = 0;
    for (let part = this.#queue[0]; part !== undefined; part = this.#queue[0]) {
      if (this.#socket.destroyed) break;
      if (Buffer.isBuffer(part)) {
        if (this.#sendBytes()) continue;
        return;
      }
      if (turnBytes >= TURN_BYTES) {
        setImmediate(() => {
          this.#pump();
        });
        return;
      }
      const sentBytes = this.#sendFile(part);
      if (sentBytes === 0) return;
      turnBytes += sentBytes;
    }
    this.#isPumping = false;
    if (!this.#hasRoom) this.#options.onWaiting();
    if (this.#isEnding) this.#socket.destroySoon();
    this.#release();
  }

  /** Everything up to the next bytes of a file; false where those have to wait for it. */
  #sendBytes(): boolean {
    const socket = this.#socket;
    const fileAt = this.#queue.findIndex((part) => !Buffer.isBuffer(part));
    const parts = this.#queue.splice(0, fileAt < 0 ? this.#queue.length : fileAt) as Buffer[];
    const head = fileAt < 0 ? undefined : parts.pop();
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
    if (head === undefined) return true;
    let sent = 0;
    if (socket.writableLength === 0) sent = Math.max(0, sendAhead(fdOf(socket), head));
    if (sent === head.length) return true;
    this.#writeThenPump(head.subarray(sent));
    return false;
  }

  /** @returns what was sent; 0 where it goes on later, or the connection has ended */
  #sendFile(part: FileBytes): number {
    const at = part.offsetBytes + this.#sentOfFirst;
    const leftBytes = part.lengthBytes - this.#sentOfFirst;
    if (leftBytes === 0) {
      this.#queue.shift();
      return 1;
    }
    const sent = sendFile(fdOf(this.#socket), part.fd, at, leftBytes);
    if (sent === EAGAIN) {
      this.#copy(part, at, Math.min(leftBytes, COPY_BYTES));
      return 0;
    }
    if (sent <= 0) {
      this.#fail(part, Math.abs(sent));
      return 0;
    }
    this.#sent(part, sent);
    this.#options.onProgress();
    return sent;
  }

  #copy(part: FileBytes, at: number, lengthBytes: number): void {
    const bytes = Buffer.allocUnsafeSlow(lengthBytes);
    let got = 0;
    try {
      got = fs.readSync(part.fd, bytes, 0, lengthBytes, at);
    } catch {
      // As a file that has ended: its owner looks at it.
    }
    if (got === 0) {
      this.#fail(part, 0);
      return;
    }
    this.#sent(part, got);
    this.#writeThenPump(bytes.subarray(0, got));
  }

  #sent(part: FileBytes, bytes: number): void {
    this.#sentOfFirst += bytes;
    if (this.#sentOfFirst < part.lengthBytes) return;
    this.#sentOfFirst = 0;
    this.#queue.shift();
  }

  #writeThenPump(bytes: Buffer): void {
    this.#options.onWaiting();
    this.#socket.write(bytes, (error) => {
      if (error instanceof Error) return;
      this.#options.onProgress();
      this.#pump();
    });
  }

  #fail(part: FileBytes, errno: number): void {
    this.#socket.destroy();
    part.failed(errno);
  }
}

/** Of a socket that is open: asked for anew before each call. */
function fdOf(socket: net.Socket): number {
  const { _handle: handle } = socket as unknown as { _handle: { readonly fd: number } | null };
  return handle?.fd ?? -1;
}
