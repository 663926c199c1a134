/** A file system of its own that is easily full: tmpfs, mounted on a folder of the test. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export class SmallDisk implements Disposable {
  readonly path: string;

  /** @param options of tmpfs: `size=64m`, `nr_inodes=200` */
  constructor(folder: string, options: string) {
    this.path = folder;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  }

  /** @param leaveBytes that stay free */
  fill(leaveBytes = 0): void {
    const { bavail, bsize } = fs.statfsSync(this.path);
    const fd = fs.openSync(path.join(this.path, 'filler'), 'a');
    const zeros = Buffer.alloc(64 * 1024);
    try {
      for (let left = bavail * bsize - leaveBytes; left > 0;) {
        left -= fs.writeSync(fd, zeros, 0, Math.min(left, zeros.length));
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Files until there is no inode left. */
  fillInodes(): void {
    const folder = path.join(this.path, 'fillers');
    try {
      fs.mkdirSync(folder);
      for (let i = 0; ; i += 1) fs.writeFileSync(path.join(folder, String(i)), '');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }

  free(): void {
    for (const name of ['filler', 'fillers']) {
      fs.rmSync(path.join(this.path, name), { recursive: true, force: true });
    }
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-l', this.path]);
  }
}
