/**
 * The system calls that move bytes of a file into a socket without bringing them into this process.
 *
 * None of them waits for the socket: one that takes nothing more says so. `sendfile` waits for the disk
 * where a page is not in memory, so ask `isCached` first.
 */
import { constants } from 'node:os';
import koffi from 'koffi';

/** What the calls answer instead of a number of bytes: a negative errno. */
export const EAGAIN = -constants.errno.EAGAIN;

const EINTR = -constants.errno.EINTR;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_MORE = 0x8000;
const RWF_NOWAIT = 8;

type Call = (...args: (number | Buffer)[]) => number;

const library = koffi.load(null);
const libcSend = library.func('int64_t send(int, const void *, size_t, int)') as unknown as Call;
const libcSendfile = library.func('int64_t sendfile(int, int, void *, size_t)') as unknown as Call;
const libcPreadv2 = library.func(
  'int64_t preadv2(int, const void *, int, int64_t, int)',
) as unknown as Call;

/** In and out of each call: the calls return before the next begins. */
const offset = Buffer.alloc(8);
/**
 * `struct iovec`, and behind it the byte that it names. One buffer, which is passed to each call: the kernel
 * writes to an address that keeps nothing alive, and what nobody refers to is collected (seen: the heap of
 * malloc was overwritten). It is larger than what V8 keeps in its own heap, and moves.
 */
const probe = Buffer.allocUnsafeSlow(4_096);
const VECTOR_BYTES = 16;
probe.writeBigUInt64LE(koffi.address(probe) + BigInt(VECTOR_BYTES), 0);
probe.writeBigUInt64LE(1n, 8);

/** @returns bytes that were sent, or a negative errno */
export function sendFile(
  socketFd: number,
  fileFd: number,
  offsetBytes: number,
  lengthBytes: number,
): number {
  offset.writeUInt32LE(offsetBytes % 2 ** 32, 0);
  offset.writeUInt32LE(Math.floor(offsetBytes / 2 ** 32), 4);
  return outcome(libcSendfile(socketFd, fileFd, offset, lengthBytes));
}

/** Sends bytes that others follow at once, so that they share a packet. Answers as `sendFile`. */
export function sendAhead(socketFd: number, bytes: Buffer): number {
  const flags = MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL;
  return outcome(libcSend(socketFd, bytes, bytes.length, flags));
}

/** Whether the byte can be had without a disk. True where the file system cannot tell. */
export function isCached(fileFd: number, offsetBytes: number): boolean {
  return outcome(libcPreadv2(fileFd, probe, 1, offsetBytes, RWF_NOWAIT)) !== EAGAIN;
}

function outcome(result: number): number {
  if (result >= 0) return result;
  const failure = -koffi.errno();
  return failure === EINTR ? EAGAIN : failure;
}
