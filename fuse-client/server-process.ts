/**
 * A server as its holder sees it: a process, whether it lives, what it said, and why it ended. What is
 * to be done about that others decide.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { LarderError } from '../common/index.ts';
import { kill, startTimeOf } from './processes.ts';

/** What a server tells its holder before it ends because it cannot serve. */
export interface ServerFailure {
  readonly kind: 'failed';
  readonly code: LarderError['code'];
  readonly facts: LarderError['facts'];
}

export type ServerMessage =
  | ServerFailure
  /** It could serve, and waits to be told. */
  | { readonly kind: 'prepared' };

/**
 * What the holder of an upgrade tells its server.
 * - go: the one before is dead: serve
 * - kept: this installation it is: from now on a holder that dies is replaced by this server
 */
export interface ServerOrder {
  readonly kind: 'go' | 'kept';
}

export interface ServerFds {
  readonly deviceFd: number;
  readonly stateFd: number;
}

export class ServerProcess {
  /** Undefined where the command could not be run. */
  readonly pid: number | undefined;
  readonly #startTime: number | undefined;
  readonly #child: ChildProcess | undefined;
  #failure: LarderError | undefined;
  #ended: string | undefined;
  #prepared = false;

  /** Not for callers: see the static methods. */
  constructor(pid: number | undefined, child?: ChildProcess) {
    this.pid = pid;
    this.#startTime = pid === undefined ? undefined : startTimeOf(pid);
    this.#child = child;
  }

  /** @param wake called whenever there is something to look at */
  static start(command: readonly string[], fds: ServerFds, wake: () => void): ServerProcess {
    const [program = process.execPath, ...args] = command;
    const child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'inherit', fds.deviceFd, fds.stateFd, 'ipc'],
    });
    const server = new ServerProcess(child.pid, child);
    child.on('exit', (exitCode, signal) => {
      server.#ended = signal ?? `exit code ${String(exitCode)}`;
      wake();
    });
    // A command that cannot be run: the server is dead, and is tried again like any other.
    child.on('error', (error) => {
      server.#ended ??= error.message;
      wake();
    });
    child.on('message', (message: ServerMessage) => {
      if (message.kind === 'prepared') server.#prepared = true;
      else server.#failure = new LarderError(message.code, message.facts);
      wake();
    });
    return server;
  }

  /** One that somebody else has started. */
  static known(pid: number): ServerProcess {
    return new ServerProcess(pid === 0 ? undefined : pid);
  }

  get isAlive(): boolean {
    if (this.pid === undefined || this.#startTime === undefined) return false;
    return startTimeOf(this.pid) === this.#startTime;
  }

  get isPrepared(): boolean {
    return this.#prepared;
  }

  /** Why it could not serve, in its own words. */
  get failure(): LarderError | undefined {
    return this.#failure;
  }

  /** Why it ended, as far as is known. */
  get lastWords(): string {
    return this.#failure?.message ?? this.#ended ?? 'ended';
  }

  send(order: ServerOrder): void {
    // One that is gone hears nothing; it is seen to be gone at the next look.
    if (this.#child?.connected === true) this.#child.send(order, () => undefined);
  }

  kill(): void {
    if (this.isAlive && this.pid !== undefined) kill(this.pid, 'SIGKILL');
  }
}
