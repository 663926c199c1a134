/**
 * What readers get from a mount whose servers do not last: EIO to everything that the kernel asks, so
 * that a job fails instead of hanging, while the mount stays for a server that does.
 *
 * Done by the holder itself, because it is the one part that still works where the installation was
 * damaged or taken away: it loads nothing, starts nothing and waits for nothing.
 *
 * Always true:
 *   - it reads only between `begin` and `end`, while no server lives;
 *   - /dev/fuse is non-blocking in that time and in no other: a serving thread waits in its read;
 *   - a RELEASE is left to the next server where the kernel sends it again: it alone counts opens.
 */
import { constants } from 'node:os';
import { readSync } from 'node:fs';
import { systemCode } from '../common/index.ts';
import { OPCODE, REQUEST_BYTES } from './abi.ts';
import { RequestView } from './decode.ts';
import { Reply } from './encode.ts';
import { recoverRequests } from './recovery.ts';
import type { Recovery } from './spec.ts';
import type { SharedState } from './state.ts';
import { setNonBlocking } from './syscalls.ts';

export interface EioOptions {
  readonly deviceFd: number;
  readonly state: SharedState;
  readonly recovery: Recovery | undefined;
}

/** Of one look: the holder has other things to do as well. */
const MOST_AT_ONCE = 10_000;

/** To these the kernel expects no reply. */
const UNANSWERED: ReadonlySet<number> = new Set([
  OPCODE.FORGET,
  OPCODE.BATCH_FORGET,
  OPCODE.INTERRUPT,
  OPCODE.NOTIFY_REPLY,
]);

export class EioAnswers {
  readonly #options: EioOptions;
  readonly #reply = new Reply(0);
  readonly #request = new RequestView(Buffer.from(new ArrayBuffer(REQUEST_BYTES)));
  #active = false;
  #keepsReleases = false;

  constructor(options: EioOptions) {
    this.#options = options;
  }

  /** Answers what there is. The first time since `end`: also what a dead server left. */
  answer(): void {
    if (!this.#active) this.#begin();
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      const outcome = this.#receive();
      if (outcome === 'nothing') return;
      if (outcome === 'request') this.#fail(this.#request);
    }
  }

  /** Before a server is started, or told to serve. */
  end(): void {
    if (!this.#active) return;
    this.#active = false;
    setNonBlocking(this.#options.deviceFd, false);
  }

  #begin(): void {
    const { deviceFd, state, recovery } = this.#options;
    setNonBlocking(deviceFd, true);
    this.#active = true;
    const recovered = recoverRequests(state, deviceFd, recovery);
    this.#keepsReleases = recovered.recovery === 'resend';
    for (const slot of recovered.left) {
      this.#fail(new RequestView(state.slotMemory(slot)));
      state.release(slot);
    }
  }

  #receive(): 'request' | 'skipped' | 'nothing' {
    const { deviceFd, state } = this.#options;
    try {
      readSync(deviceFd, this.#request.bytes, 0, REQUEST_BYTES, null);
      return 'request';
    } catch (error) {
      const code = systemCode(error);
      // ENOENT: the caller was killed while its request was copied.
      if (code === 'ENOENT' || code === 'EINTR') return 'skipped';
      if (code === 'ENODEV' || code === 'ECONNABORTED') state.markEnded();
      else if (code !== 'EAGAIN') throw error;
      return 'nothing';
    }
  }

  #fail(request: RequestView): void {
    const { opcode } = request;
    if (UNANSWERED.has(opcode)) return;
    const isRelease = opcode === OPCODE.RELEASE || opcode === OPCODE.RELEASEDIR;
    if (isRelease && this.#keepsReleases) return;
    this.#reply.send(this.#options.deviceFd, request, 0, constants.errno.EIO);
  }
}
