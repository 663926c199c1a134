/** What a check is: it looks at one topic and says what it found, and what to do about it. */
import type { UnknownVariable } from '../config/unknown-variables.ts';
import type { InstanceRecord } from '../instances.ts';

/**
 * - ok: as it should be
 * - note: good to know; nothing is wrong
 * - warning: works, but slower, for shorter, or with less than it could
 * - problem: something does not work
 */
export type Level = 'ok' | 'note' | 'warning' | 'problem';

export interface Observation {
  readonly level: Level;
  /** What was seen, with its numbers. */
  readonly what: string;
  /** What to do; where there is something to do. */
  readonly remedy?: string;
}

export interface Finding extends Observation {
  /** The name of the check. */
  readonly check: string;
}

/** Where to look. Plain data, so that a check can run in a process of its own. */
export interface Subject {
  readonly cacheDirectories: readonly string[];
  /** `HOST:PORT` of each. */
  readonly masters: readonly string[];
  /** Paths of workers' sockets. */
  readonly sockets: readonly string[];
  readonly origin?: string;
  /** Empty: that of the origin's kind. */
  readonly endpoint: string;
  readonly records: readonly InstanceRecord[];
  readonly readTimeoutMs: number;
  readonly hungAfterMs: number;
  /** `PATH`, to look for programs in. */
  readonly searchPath: string;
  readonly unknownVariables: readonly UnknownVariable[];
  /** Whether to repair what can be repaired without harm. */
  readonly fix: boolean;
}

export interface Check {
  readonly name: string;
  readonly timeoutMs: number;
  /**
   * It calls what may hang in the kernel (a network file system, a mount). Then it runs in a child
   * process: a hung thread would keep this one from ending.
   */
  readonly isolated?: boolean;
  run(subject: Subject): Promise<readonly Observation[]> | readonly Observation[];
}

export function ok(what: string): Observation {
  return { level: 'ok', what };
}

export function note(what: string, remedy?: string): Observation {
  return observation('note', what, remedy);
}

export function warning(what: string, remedy: string): Observation {
  return observation('warning', what, remedy);
}

export function problem(what: string, remedy: string): Observation {
  return observation('problem', what, remedy);
}

/** A path as a shell takes it, for commands that people copy. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function observation(level: Level, what: string, remedy: string | undefined): Observation {
  return { level, what, ...(remedy === undefined ? {} : { remedy }) };
}
