/**
 * Opens a file and reads its first 4 KiB.
 *
 *     node main.js FILE
 *
 * Prints the milliseconds that it took.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { systemClock } from '../../../../common/index.ts';

const [, , path = ''] = process.argv;
const buffer = Buffer.alloc(4_096);
const since = systemClock.monotonicMs();
const fd = openSync(path, 'r');
const count = readSync(fd, buffer, 0, buffer.length, null);
const elapsedMs = systemClock.monotonicMs() - since;
closeSync(fd);
if (count !== buffer.length) throw new Error(`${count} bytes were read`);
process.stdout.write(String(elapsedMs));
