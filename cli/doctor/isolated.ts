/**
 * Questions that may never be answered, because a system call can hang in the kernel where no signal
 * reaches it: they are put by a child process, which is left behind where it hangs.
 */
import { spawn } from 'node:child_process';
import { LarderError, systemClock } from '../../common/index.ts';
import { programCommand } from '../children.ts';
import type { Observation, Subject } from './check.ts';
import type { LogPart, LogPlaces } from './logs.ts';

export const HUNG = 'hung';
const START_TIMEOUT_MS = 20_000;

/** To the child, over IPC: an origin URL must not show in `ps`. */
export type ChildRequest =
  | { readonly kind: 'check'; readonly name: string; readonly subject: Subject }
  | { readonly kind: 'touch'; readonly path: string }
  | { readonly kind: 'logs'; readonly places: LogPlaces };

export type ChildAnswer =
  /** First of all: from here on time counts. A busy machine takes seconds to start a process. */
  | { readonly kind: 'started' }
  | { readonly kind: 'observations'; readonly observations: readonly Observation[] }
  /** The errno's name, or empty where the file system answered. */
  | { readonly kind: 'touched'; readonly code: string; readonly tookMs: number }
  | { readonly kind: 'logs'; readonly logs: readonly LogPart[] }
  | { readonly kind: 'failed'; readonly message: string };

/** @throws {LarderError} `INTERNAL` where the check failed */
export async function checkInChild(
  name: string,
  subject: Subject,
  timeoutMs: number,
): Promise<readonly Observation[] | typeof HUNG> {
  const answer = await ask({ kind: 'check', name, subject }, timeoutMs);
  if (answer === HUNG) return HUNG;
  if (answer.kind === 'observations') return answer.observations;
  throw new LarderError('INTERNAL', { what: answer.kind === 'failed' ? answer.message : name });
}

/**
 * Asks the file system at a path for its size, which no kernel answers from memory.
 *
 * @returns the errno's name, empty where it answered
 */
export async function touch(
  path: string,
  timeoutMs: number,
): Promise<{ readonly code: string; readonly tookMs: number }> {
  const answer = await ask({ kind: 'touch', path }, timeoutMs);
  if (answer === HUNG) return { code: HUNG, tookMs: timeoutMs };
  if (answer.kind === 'touched') return answer;
  throw new LarderError('INTERNAL', { what: answer.kind === 'failed' ? answer.message : path });
}

/** @throws {LarderError} `INTERNAL` where they cannot be read */
export async function readLogs(
  places: LogPlaces,
  timeoutMs: number,
): Promise<readonly LogPart[] | typeof HUNG> {
  const answer = await ask({ kind: 'logs', places }, timeoutMs);
  if (answer === HUNG) return HUNG;
  if (answer.kind === 'logs') return answer.logs;
  throw new LarderError('INTERNAL', { what: answer.kind === 'failed' ? answer.message : 'logs' });
}

function ask(request: ChildRequest, timeoutMs: number): Promise<ChildAnswer | typeof HUNG> {
  const [command = '', ...args] = programCommand('internal-check');
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  return new Promise((resolve) => {
    const settle = (answer: ChildAnswer | typeof HUNG) => {
      cancel();
      // A child that hangs in the kernel takes the signal when it comes back: nobody waits for it.
      child.kill('SIGKILL');
      if (child.connected) child.disconnect();
      child.unref();
      resolve(answer);
    };
    let cancel = systemClock.schedule(START_TIMEOUT_MS, () => {
      settle({ kind: 'failed', message: 'its process did not start in time' });
    });
    child.on('message', (message) => {
      const answer = message as ChildAnswer;
      if (answer.kind !== 'started') {
        settle(answer);
        return;
      }
      cancel();
      cancel = systemClock.schedule(timeoutMs, () => {
        settle(HUNG);
      });
    });
    child.once('error', ({ message }) => {
      settle({ kind: 'failed', message });
    });
    child.once('exit', (code, signal) => {
      settle({ kind: 'failed', message: `its process ended with ${String(signal ?? code)}` });
    });
    child.send(request, () => undefined);
  });
}
