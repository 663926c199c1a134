/**
 * Child processes of this same program: started with an IPC channel over which they say that they are
 * ready, or why they cannot start.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isErrorCode, LarderError, systemClock } from '../common/index.ts';
import type { ErrorFacts } from '../common/index.ts';
import { childEnvironment, notifySocket } from './environment.ts';
import { createOutput } from './output.ts';

export type ChildMessage =
  | { readonly kind: 'ready'; readonly details: Readonly<Record<string, string | number>> }
  | { readonly kind: 'failed'; readonly code: string; readonly facts: ErrorFacts };

export interface ChildOptions {
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its log goes; default: this process's stderr. */
  readonly logFd?: number;
  readonly detached?: boolean;
  /** Default: that of this process. One that stays would keep its file system busy. */
  readonly cwd?: string;
  readonly readyTimeoutMs: number;
  /** Ends the child that is not ready yet. */
  readonly signal?: AbortSignal;
}

export interface ReadyChild {
  readonly process: ChildProcess;
  readonly details: Readonly<Record<string, string | number>>;
}

/** The script that runs now: `dist/cli/main.js`, or `cli/main.ts` from source. */
export function programPath(): string {
  const self = fileURLToPath(import.meta.url);
  return self.replace(/children\.(ts|js)$/, 'main.$1');
}

/** What starts this program with the given arguments. */
export function programCommand(...args: string[]): string[] {
  return [process.execPath, '--disable-warning=ExperimentalWarning', programPath(), ...args];
}

/**
 * Starts a child and waits until it says that it is ready.
 *
 * @throws {LarderError} what the child failed with; `UNAVAILABLE` when it ended without a word or in
 *   time said nothing
 */
export async function startChild(options: ChildOptions): Promise<ReadyChild> {
  const [command = '', ...args] = programCommand(...options.args);
  const log = options.logFd ?? 'inherit';
  const stdio: StdioOptions = ['ignore', log, log, 'ipc'];
  const child = spawn(command, args, {
    stdio,
    detached: options.detached ?? false,
    env: childEnvironment(options.env ?? {}),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const message = await firstMessage(child, options);
  if (message.kind === 'ready') return { process: child, details: message.details };
  throw new LarderError(isErrorCode(message.code) ? message.code : 'INTERNAL', message.facts);
}

/** Says to the parent and to the service manager, if they listen, that this process is ready. */
export function reportReady(details: Readonly<Record<string, string | number>>): void {
  send({ kind: 'ready', details });
  const socket = notifySocket();
  if (socket === undefined) return;
  // No reason to end: the variable may be left over from a service that this command runs in.
  import('./service-manager.ts')
    .then(({ notify }) => {
      notify(socket, 'READY=1');
    })
    .catch((error: unknown) => {
      createOutput(false).note(`larder: cannot tell the service manager: ${String(error)}`);
    });
}

/** @returns whether a parent was there to be told */
export function reportFailed(error: LarderError): boolean {
  return send({ kind: 'failed', code: error.code, facts: error.facts });
}

export function endChild(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}

function send(message: ChildMessage): boolean {
  if (process.send === undefined || !process.connected) return false;
  process.send(message);
  return true;
}

function firstMessage(child: ChildProcess, options: ChildOptions): Promise<ChildMessage> {
  const role = options.args[0] ?? '';
  return new Promise((resolve, reject) => {
    options.signal?.addEventListener('abort', () => {
      endChild(child, 'SIGTERM');
    });
    const cancel = systemClock.schedule(options.readyTimeoutMs, () => {
      child.kill('SIGKILL');
      reject(new LarderError('UNAVAILABLE', { process: role, why: 'not ready in time' }));
    });
    child.once('message', (message) => {
      cancel();
      resolve(message as ChildMessage);
    });
    child.once('error', (cause) => {
      cancel();
      reject(new LarderError('UNAVAILABLE', { process: role, why: cause.message }, { cause }));
    });
    child.once('exit', (exitCode, signal) => {
      cancel();
      const why = `ended with ${String(signal ?? exitCode)} before it was ready`;
      reject(new LarderError('UNAVAILABLE', { process: role, why }));
    });
  });
}
