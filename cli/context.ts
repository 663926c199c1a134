/** What every command gets: its output, the environment, a log, and a signal for Ctrl-C and SIGTERM. */
import fs from 'node:fs';
import { createLogger } from '../common/index.ts';
import type { Logger } from '../common/index.ts';
import { checkRuntimeDirectory } from './directories.ts';
import { environment } from './environment.ts';
import type { Environment } from './environment.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';

export interface Context {
  readonly output: Output;
  readonly environment: Environment;
  readonly log: Logger;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; where SIGHUP means to re-read, by the first two. */
  readonly signal: AbortSignal;
  /** Resolves with the second of them: stop without waiting. */
  readonly insisted: Promise<void>;
}

export interface ContextOptions {
  readonly json: boolean;
  readonly role: string;
  /** SIGHUP ends it only when its terminal went away; else it is for `reloadOnHangup`. Default false. */
  readonly reloads?: boolean;
}

export function createContext(options: ContextOptions): Context {
  const env = environment();
  checkRuntimeDirectory(env.runtimeDirectory);
  const controller = new AbortController();
  let insist: () => void = () => undefined;
  const insisted = new Promise<void>((resolve) => {
    insist = resolve;
  });
  const onSignal = () => {
    if (controller.signal.aborted) insist();
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const inTerminal = hasTerminal();
  process.on('SIGHUP', () => {
    const terminalGone = inTerminal && !hasTerminal();
    if (options.reloads !== true || terminalGone) onSignal();
  });
  return {
    output: createOutput(options.json),
    environment: env,
    log: createLogger({ level: env.logLevel, role: options.role }),
    signal: controller.signal,
    insisted,
  };
}

/** Whether a terminal controls this process. */
function hasTerminal(): boolean {
  try {
    fs.closeSync(fs.openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
