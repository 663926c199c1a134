/** The socket on which systemd hears that services are ready (sd_notify(3)). */
import fs from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const cSocket = libc.func('int socket(int domain, int type, int protocol)');
const cBind = libc.func('int bind(int fd, const void *address, uint32_t length)');
const cReceive = libc.func('int64_t recv(int fd, void *bytes, size_t length, int flags)');

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

export class NotifySocket implements Disposable {
  readonly #fd: number;

  /** @param name a path, or `@` and an abstract name */
  constructor(name: string) {
    this.#fd = cSocket(AF_UNIX, SOCK_DGRAM, 0) as number;
    const path = name.startsWith('@') ? `\0${name.slice(1)}` : `${name}\0`;
    const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(path)]);
    if ((cBind(this.#fd, address, address.length) as number) !== 0) {
      throw new Error(`cannot bind ${name}: errno ${String(koffi.errno())}`);
    }
  }

  /** What has arrived, or undefined. */
  receive(): string | undefined {
    const bytes = Buffer.alloc(4096);
    const length = Number(cReceive(this.#fd, bytes, bytes.length, MSG_DONTWAIT));
    return length < 0 ? undefined : bytes.toString('utf8', 0, length);
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#fd);
  }
}
