/** The kernel's table of backing files, as `fs/fuse/backing.c` keeps it: ids are given out cyclically. */
import type { OpenOutcome } from '../../fuse-client/open-modes.ts';
import type { BackingFiles } from '../../fuse-client/open-table.ts';

export class BackingModel implements BackingFiles {
  /** Ids that are open, with the fd that each was given. */
  readonly files = new Map<number, number>();
  refuse: OpenOutcome | undefined;
  #next = 1;

  constructor(next = 1) {
    this.#next = next;
  }

  open(fd: number): number | OpenOutcome {
    if (this.refuse !== undefined) return this.refuse;
    let id = this.#next;
    while (this.files.has(id)) id = id >= 2 ** 31 - 1 ? 1 : id + 1;
    this.files.set(id, fd);
    this.#next = id >= 2 ** 31 - 1 ? 1 : id + 1;
    return id;
  }

  close(id: number): boolean {
    return this.files.delete(id);
  }
}
