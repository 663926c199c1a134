/** Logs: JSON lines on stderr through pino, control characters escaped, secrets never passed in. */
import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export interface LogOptions {
  /** `trace` … `fatal`, or `silent`. */
  readonly level: string;
  /** The process's role, on every line. */
  readonly role: string;
}

export function createLogger(options: LogOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { role: options.role, pid: process.pid },
      redact: ['*.secretAccessKey', '*.sessionToken', '*.authorization'],
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

export const silentLogger: Logger = pino({ level: 'silent' });

/** A logger of another thread: its lines go to the main thread, which writes them with `logLine`. */
export function forwardingLogger(write: (line: string) => void): Logger {
  return pino({ level: 'debug', base: null }, { write });
}

/** Writes a line of a `forwardingLogger`. */
export function logLine(log: Logger, line: string): void {
  const { level, msg, time, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const label = pino.levels.labels[Number(level)] ?? 'error';
  log[label as 'error']({ ...facts, loggedMs: time }, String(msg));
}
