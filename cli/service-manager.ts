/**
 * Telling systemd that a service is ready: sd_notify(3), one datagram to the socket that
 * `NOTIFY_SOCKET` names. Through libc, because Node has no datagram sockets in the file system; from
 * this very process, because `NotifyAccess=main` believes no other.
 */
import koffi from 'koffi';
import fs from 'node:fs';

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)') as (
  domain: number,
  type: number,
  protocol: number,
) => number;
const sendTo = libc.func(
  'int64_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t addressLength)',
) as (
  fd: number,
  bytes: Buffer,
  length: number,
  flags: number,
  address: Buffer,
  addressLength: number,
) => number;

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;

/**
 * @param path a path, or `@` and an abstract name
 * @param state such as `READY=1`
 * @throws {Error} where nobody listens there
 */
export function notify(path: string, state: string): void {
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) throw new Error(`NOTIFY_SOCKET: socket: errno ${String(koffi.errno())}`);
  try {
    const address = unixAddress(path);
    const bytes = Buffer.from(state);
    if (sendTo(fd, bytes, bytes.length, 0, address, address.length) < 0) {
      throw new Error(`NOTIFY_SOCKET=${path}: sendto: errno ${String(koffi.errno())}`);
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** struct sockaddr_un. An abstract name begins with NUL, and its length is what ends it. */
function unixAddress(path: string): Buffer {
  const family = Buffer.alloc(2);
  new Uint16Array(family.buffer, family.byteOffset, 1)[0] = AF_UNIX;
  const name = path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`;
  return Buffer.concat([family, Buffer.from(name)]);
}
