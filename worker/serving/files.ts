/** Opens, reads and closes files on the pool's threads. */
import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';

export const openFile: (path: string, flags: number) => Promise<number> = promisify(open);
export const closeFile = promisify(close);
const readSome = promisify(read);

/** Reads until the buffer is full or the file ends; returns how much it got. */
export async function readFully(fd: number, buffer: Buffer, offsetBytes: number): Promise<number> {
  let got = 0;
  while (got < buffer.length) {
    const { bytesRead } = await readSome(fd, buffer, got, buffer.length - got, offsetBytes + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return got;
}
