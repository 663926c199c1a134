/**
 * The second process of the baseline: reads its part of a file, as far as its parent says that it is there.
 *
 *     node main.js FILE OFFSET LENGTH
 */
import { openSync, readSync } from 'node:fs';
import { MIB } from '../../../../common/index.ts';

const [path = '', offsetText, lengthText] = process.argv.slice(2);
const end = Number(offsetText) + Number(lengthText);
const buffer = Buffer.alloc(MIB);
let position = Number(offsetText);
let fd = -1;

process.on('message', (readable: number) => {
  if (fd === -1) fd = openSync(path, 'r');
  while (position < Math.min(readable, end)) {
    const length = Math.min(buffer.length, Math.min(readable, end) - position);
    position += readSync(fd, buffer, 0, length, position);
  }
  if (position === end) process.send?.('done');
});
process.send?.('ready');
