/**
 * Connections for undici whose socket reads into one buffer, again and again, instead of into a fresh one
 * each time.
 *
 * Fresh buffers cost a fast download most: each is taken from the system, touched for the first time, and
 * found by the collector, whose threads took 12 % of all CPU of a cold read of 1 GiB, and 5 % with these
 * and with write buffers that are used again.
 *
 * Always true:
 *   - what `read()` gives is lent: it holds until the next read of any of these sockets, so whoever
 *     is given body bytes takes what it needs before it returns;
 *   - a part of a head is never lent, because undici keeps it until the head is whole. A read that is
 *     longer than a head may be cannot end within one: the next answer of a connection comes only after the
 *     next request;
 *   - a socket that is held back is not read: the network holds its sender back. undici does not know (it
 *     may not be told to pause: it ends the process when a connection ends whose answer it has paused,
 *     nodejs/undici#5360); the end of the connection is seen after what came before it.
 */
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { KIB, MIB } from '../../common/index.ts';

/** As much as a socket often has at once. Cold reads of 1 GiB: 256 KiB 0.63 to 0.65 GB/s, 1 MiB 0.72. */
const RECEIVE_BYTES = MIB;
/** undici's limit for a head. */
const MAX_HEAD_BYTES = 16 * KIB;

/** Shared by all sockets of the thread: each read is dealt with before the next. */
const received = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
const waiting = new WeakMap<Socket, Buffer>();
/** Of the read that is being dealt with: what its socket is to wait for. */
const current: { heldBackUntil?: Promise<unknown> | undefined } = {};

/** For who has been given body bytes, until it returns: their socket is read again once `until` has settled. */
export function holdBack(until: Promise<unknown>): void {
  current.heldBackUntil = until;
}

/** A connector for undici with `options` of its own connector. */
export function lendingConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({
    ...options,
    onread: {
      buffer: received,
      callback(this: Socket, count: number) {
        current.heldBackUntil = undefined;
        arrived(this, received.subarray(0, count));
        return !isHeldBack(this, current.heldBackUntil);
      },
    },
  });
  return (target, callback) => {
    connect(target, (...result: [null, Socket] | [Error, null]) => {
      const [error, socket] = result;
      if (error === null) readFromWaiting(socket);
      callback(...result);
    });
  };
}

function arrived(socket: Socket, bytes: Buffer): void {
  waiting.set(socket, bytes.length > MAX_HEAD_BYTES ? bytes : Buffer.from(bytes));
  socket.emit('readable');
  // Whoever reads a socket of undici's reads all of it at once.
  if (waiting.delete(socket)) socket.destroy(new Error('received bytes were not taken'));
}

function isHeldBack(socket: Socket, until: Promise<unknown> | undefined): boolean {
  if (until === undefined) return false;
  const resume = () => {
    socket.resume();
  };
  until.then(resume, resume);
  return true;
}

function readFromWaiting(socket: Socket): void {
  const readStream = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const bytes = waiting.get(socket);
    if (bytes === undefined) return readStream(size);
    waiting.delete(socket);
    return bytes;
  };
}
