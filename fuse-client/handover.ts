/**
 * An upgrade as the holder sees it that is to be replaced. The holder of the new installation is started
 * by it, with /dev/fuse and the state among its fds, and prepares a server of its own (`trial.ts`).
 *
 *     preparing ── `trial-ready` ──▶ lent ── the state names the new holder ──▶ this one lets go
 *        │ fails, dies, is late        │ fails, dies, is late
 *        ▼                             ▼
 *     as before: nothing was touched   given back: this holder starts a server of its own again
 *
 * Always true:
 *   - while preparing this holder watches and restarts as ever; while lent it starts nothing;
 *   - it is one word in the state that says whose the mount is: there is no instant at which it is
 *     nobody's, and none at which two may start servers.
 *
 * These messages are spoken between two releases: a change of them changes HANDOVER_VERSION.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { LarderError } from '../common/index.ts';
import type { ServerFds } from './server-process.ts';

export const HANDOVER_VERSION = 1;

/**
 * From the new holder.
 * - trial-ready: its server could serve; it asks to be lent the mount
 * - trial-failed, failed: it gives back what it was lent, if it was, and ends
 */
export type TrialMessage =
  | { readonly kind: 'trial-ready' }
  | {
      readonly kind: 'trial-failed' | 'failed';
      readonly code: LarderError['code'];
      readonly facts: LarderError['facts'];
    };

/** To the new holder: it is lent the mount, and has to end this server first. 0: none. */
export interface LendMessage {
  readonly kind: 'lent';
  readonly serverPid: number;
}

export interface HandoverOptions {
  /** Starts the new holder. */
  readonly command: readonly string[];
  readonly fds: ServerFds;
  /** It is asked for: @returns the server that runs, 0 where none does */
  readonly lend: () => number;
  readonly wake: () => void;
  /** Why the mount is not handed over; called by `close`. */
  readonly done: (failure: LarderError) => void;
}

export class Handover {
  readonly #options: HandoverOptions;
  readonly #child: ChildProcess;
  #lent = false;
  #failure: LarderError | undefined;
  #ended: string | undefined;

  constructor(options: HandoverOptions) {
    this.#options = options;
    const { command, fds, lend, wake } = options;
    const [program = process.execPath, ...args] = command;
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'inherit', fds.deviceFd, fds.stateFd, 'ipc'],
      detached: true,
      cwd: '/',
    });
    this.#child.on('message', (message: TrialMessage) => {
      switch (message.kind) {
        case 'trial-failed':
        case 'failed':
          this.#failure ??= new LarderError(message.code, message.facts);
          return;
        case 'trial-ready': {
          this.#lent = true;
          const answer: LendMessage = { kind: 'lent', serverPid: lend() };
          this.#child.send(answer, () => undefined);
        }
      }
    });
    this.#child.on('exit', (exitCode, signal) => {
      this.#ended = `ended with ${signal ?? String(exitCode)}`;
      wake();
    });
    this.#child.on('error', (error) => {
      this.#ended ??= error.message;
      wake();
    });
  }

  get isLent(): boolean {
    return this.#lent;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** It takes too long. That it has ended is seen later. */
  kill(): void {
    this.#failure ??= new LarderError('UPGRADE_FAILED', { why: 'not done in time' });
    this.#child.kill('SIGKILL');
  }

  /** After its end: says why it has come to nothing. */
  close(): void {
    const what = 'the holder of the new installation';
    const why = this.#ended;
    this.#options.done(this.#failure ?? new LarderError('UPGRADE_FAILED', { what, why }));
  }
}
