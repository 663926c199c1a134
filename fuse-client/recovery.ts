/** How the requests that a dead server left come to whoever answers next: from the kernel, or from the slots. */
import { writeSync } from 'node:fs';
import { systemCode } from '../common/index.ts';
import { INIT_FLAG2, NOTIFY_RESEND, OUT_HEADER_BYTES } from './abi.ts';
import type { Recovery } from './spec.ts';
import type { SharedState } from './state.ts';

export interface Recovered {
  readonly recovery: Recovery;
  /** The slots whose requests are to be answered; none where the kernel sends them again. */
  readonly left: readonly number[];
}

/**
 * Called before anything is read from /dev/fuse, and after the server before is dead.
 *
 * @param wanted `slots` also where the kernel can send again
 */
export function recoverRequests(
  state: SharedState,
  deviceFd: number,
  wanted: Recovery | undefined,
): Recovered {
  const kernelFlags2 = state.negotiated?.kernelFlags2 ?? 0;
  const canResend = (kernelFlags2 & INIT_FLAG2.HAS_RESEND) !== 0;
  if (!canResend || wanted === 'slots') {
    return { recovery: 'slots', left: state.collectRequests() };
  }
  state.clearSlots();
  resend(deviceFd);
  return { recovery: 'resend', left: [] };
}

/** Has the kernel send every request again that was taken and not answered. */
function resend(deviceFd: number): void {
  const notification = Buffer.alloc(OUT_HEADER_BYTES);
  notification.writeUInt32LE(OUT_HEADER_BYTES, 0);
  notification.writeInt32LE(NOTIFY_RESEND, 4);
  try {
    writeSync(deviceFd, notification);
  } catch (error) {
    // The mount has ended meanwhile: whoever reads will be told.
    if (systemCode(error) !== 'ENODEV') throw error;
  }
}
