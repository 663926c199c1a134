/**
 * Files that the kernel reads by itself: registers them with a connection, by the ioctls of /dev/fuse.
 *
 * Always true: what the kernel refuses is told as a reason, never thrown. A registered file needs no fd of
 * ours, and may be unlinked: its space comes back when it is closed here and by its last reader.
 */
import { BACKING_CLOSE, BACKING_MAP_WORDS, BACKING_OPEN } from './abi.ts';
import type { OpenOutcome } from './open-modes.ts';
import type { BackingFiles } from './open-table.ts';
import { ioctl, SyscallError } from './syscalls.ts';

export class KernelBackingFiles implements BackingFiles {
  readonly #deviceFd: number;
  readonly #map = new Int32Array(BACKING_MAP_WORDS);
  readonly #id = new Int32Array(1);

  constructor(deviceFd: number) {
    this.#deviceFd = deviceFd;
  }

  open(fd: number): number | OpenOutcome {
    this.#map[0] = fd;
    try {
      return ioctl(this.#deviceFd, BACKING_OPEN, this.#map);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      if (error.code === 'ELOOP') return 'stacked';
      return error.code === 'EPERM' ? 'privilege' : 'refused';
    }
  }

  close(id: number): boolean {
    this.#id[0] = id;
    try {
      ioctl(this.#deviceFd, BACKING_CLOSE, this.#id);
      return true;
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      // ENOENT: closed before. EPERM: this process may neither open nor close any.
      return false;
    }
  }
}
