/**
 * Has the kernel drop pages. On a thread of its own, because the kernel waits there for reads of these
 * pages that are under way, and the event loop may be who is to answer them.
 */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { systemCode } from '../common/index.ts';
import { NOTIFY_INVAL_INODE, OUT_HEADER_BYTES } from './abi.ts';
import type { PageRange } from './stale-pages.ts';

const deviceFd = workerData as number;
const notification = Buffer.alloc(OUT_HEADER_BYTES + 24);
notification.writeUInt32LE(notification.length, 0);
notification.writeInt32LE(NOTIFY_INVAL_INODE, 4);

parentPort?.on('message', ({ node, offsetBytes, lengthBytes }: PageRange) => {
  notification.writeBigUInt64LE(BigInt(node), OUT_HEADER_BYTES);
  notification.writeBigInt64LE(BigInt(offsetBytes), OUT_HEADER_BYTES + 8);
  notification.writeBigInt64LE(BigInt(lengthBytes), OUT_HEADER_BYTES + 16);
  try {
    writeSync(deviceFd, notification);
  } catch (error) {
    // ENOENT: the kernel has forgotten the file. ENODEV: the mount has ended. Either way nothing is to be done.
    if (systemCode(error) === undefined) throw error;
  }
});
