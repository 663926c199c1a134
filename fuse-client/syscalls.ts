/**
 * The few system calls that Node does not offer, through koffi.
 *
 * They block the thread that makes them. None of them waits for our own server: mount(2) does not
 * wait for INIT, and umount2(2) sends nothing to a server that must answer.
 */
import assert from 'node:assert';
import koffi from 'koffi';
import { constants } from 'node:os';

const libc = koffi.load('libc.so.6');
const cMount = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
) as (source: string, target: string, type: string, flags: number, data: string) => number;
const cUmount2 = libc.func('int umount2(const char *target, int flags)') as (
  target: string,
  flags: number,
) => number;
const cMmap = libc.func(
  'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
) as (
  address: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => unknown;
const cPosixFadvise = libc.func(
  'int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)',
) as (fd: number, offset: number, length: number, advice: number) => number;
const cMemfdCreate = libc.func('int memfd_create(const char *name, unsigned int flags)') as (
  name: string,
  flags: number,
) => number;
const cPipe2 = libc.func('int pipe2(int *fds, int flags)') as (
  fds: Int32Array,
  flags: number,
) => number;
const cFcntl = libc.func('int fcntl(int fd, int command, int argument)') as (
  fd: number,
  command: number,
  argument: number,
) => number;
const cSplice = libc.func(
  'int64_t splice(int in, int64_t *inOffset, int out, int64_t *outOffset, size_t length, unsigned int flags)',
) as (
  fdIn: number,
  inOffset: BigInt64Array | null,
  fdOut: number,
  outOffset: null,
  length: number,
  flags: number,
) => number;

// Variadic in C: with so few arguments the calling conventions of Linux pass them alike.
const cIoctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)') as (
  fd: number,
  request: number,
  argument: Int32Array,
) => number;
const cSocketpair = libc.func(
  'int socketpair(int domain, int type, int protocol, _Out_ int *fds)',
) as (domain: number, type: number, protocol: number, fds: Int32Array) => number;
const cRecvmsg = libc.func('int64_t recvmsg(int fd, void *message, int flags)') as (
  fd: number,
  message: Buffer,
  flags: number,
) => number;

const MFD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 0o2000001;
const MSG_DONTWAIT_CLOEXEC = 0x4000_0040;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
/** Of cmsghdr: length 8, level 4, type 4. */
const CMSG_HEADER_BYTES = 16;
const MSGHDR_BYTES = 56;
const POSIX_FADV_RANDOM = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

export const MOUNT_FLAG = { RDONLY: 1, NOSUID: 2, NODEV: 4, REMOUNT: 32, BIND: 4096 } as const;
export const UMOUNT_FLAG = { FORCE: 1, DETACH: 2 } as const;

/** A system call's failure, by the name of its errno. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = errnoName(errno);
    super(`${call}: ${code}`);
    this.code = code;
  }
}

/** @throws {SyscallError} */
export function mount(options: {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: number;
  readonly data: string;
}): void {
  const { source, target, type, flags, data } = options;
  if (cMount(source, target, type, flags, data) !== 0) throw lastError('mount');
}

/** @throws {SyscallError} */
export function umount(target: string, flags = 0): void {
  if (cUmount2(target, flags) !== 0) throw lastError('umount2');
}

/** A file in memory that lives as long as somebody has it open. @throws {SyscallError} */
export function memoryFile(name: string): number {
  const fd = cMemfdCreate(name, MFD_CLOEXEC);
  if (fd < 0) throw lastError('memfd_create');
  return fd;
}

/** Two ends of a connection, for a process that sends one of its fds. @throws {SyscallError} */
export function socketPair(): readonly [number, number] {
  const fds = new Int32Array(2);
  if (cSocketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, fds) !== 0) throw lastError('socketpair');
  return [fds[0] ?? -1, fds[1] ?? -1];
}

/** The fd that was sent over a socket, or undefined where none has come. Does not wait. */
export function receiveFd(socket: number): number | undefined {
  const data = Buffer.alloc(1);
  const control = Buffer.alloc(64);
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(koffi.address(data), 0);
  vector.writeBigUInt64LE(BigInt(data.length), 8);
  // msghdr: name 8, its length 8, vectors 8, their count 8, control 8, its length 8, flags 8.
  const message = Buffer.alloc(MSGHDR_BYTES);
  message.writeBigUInt64LE(koffi.address(vector), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(koffi.address(control), 32);
  message.writeBigUInt64LE(BigInt(control.length), 40);
  if (cRecvmsg(socket, message, MSG_DONTWAIT_CLOEXEC) <= 0) return undefined;
  if (message.readBigUInt64LE(40) < CMSG_HEADER_BYTES + 4) return undefined;
  const isRights = control.readInt32LE(8) === SOL_SOCKET && control.readInt32LE(12) === SCM_RIGHTS;
  return isRights ? control.readInt32LE(CMSG_HEADER_BYTES) : undefined;
}

/** The kernel reads nothing ahead of what is asked of this fd. Advice only: a failure changes nothing. */
export function adviseRandom(fd: number): void {
  cPosixFadvise(fd, 0, 0, POSIX_FADV_RANDOM);
}

export interface Pipe {
  readonly readFd: number;
  readonly writeFd: number;
  readonly capacityBytes: number;
}

/** A pipe of a capacity, or of what the kernel allows. @throws {SyscallError} */
export function pipe(wantedBytes: number): Pipe {
  const fds = new Int32Array(2);
  if (cPipe2(fds, O_CLOEXEC) !== 0) throw lastError('pipe2');
  const [readFd = -1, writeFd = -1] = fds;
  cFcntl(writeFd, F_SETPIPE_SZ, wantedBytes);
  return { readFd, writeFd, capacityBytes: cFcntl(writeFd, F_GETPIPE_SZ, 0) };
}

const spliceOffset = new BigInt64Array(1);

/**
 * Moves pages of a file into a pipe.
 *
 * @returns how many bytes, at least 1
 * @throws {SyscallError} `ENODATA` at the end of the file
 */
export function splicePositioned(
  fdIn: number,
  offsetBytes: number,
  pipeFd: number,
  lengthBytes: number,
): number {
  spliceOffset[0] = BigInt(offsetBytes);
  const moved = cSplice(fdIn, spliceOffset, pipeFd, null, lengthBytes, 0);
  if (moved < 0) throw lastError('splice');
  if (moved === 0) throw new SyscallError('splice', constants.errno.ENODATA);
  return moved;
}

/** Moves so many bytes out of a pipe, at once. @throws {SyscallError} */
export function splice(pipeFd: number, fdOut: number, lengthBytes: number): void {
  const moved = cSplice(pipeFd, null, fdOut, null, lengthBytes, 0);
  if (moved < 0) throw lastError('splice');
  assert(moved === lengthBytes, 'a reply is taken whole');
}

/** An ioctl whose argument is a struct of words. @throws {SyscallError} */
export function ioctl(fd: number, request: number, argument: Int32Array): number {
  const result = cIoctl(fd, request, argument);
  if (result < 0) throw lastError('ioctl');
  return result;
}

/**
 * Maps a file into this thread, shared with every other thread and process that maps it. Never
 * unmapped: it lives as long as the process. `Atomics` work on it, except `wait` and `notify`.
 *
 * @throws {SyscallError}
 */
export function mapShared(fd: number, lengthBytes: number): ArrayBuffer {
  const address = cMmap(null, lengthBytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  if (koffi.address(address) === MAP_FAILED) throw lastError('mmap');
  return koffi.view(address, lengthBytes);
}

const MAP_FAILED = 2n ** 64n - 1n;

function lastError(call: string): SyscallError {
  return new SyscallError(call, koffi.errno());
}

function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(constants.errno)) {
    if (value === errno) return name;
  }
  return `errno ${String(errno)}`;
}
