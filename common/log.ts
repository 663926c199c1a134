/**
 * Logs: JSON lines on stderr through pino, secrets never passed in.
 *
 * Always true:
 *   - a line is one line, and nothing in it moves the cursor, colours, or turns text around;
 *   - a log that cannot be written ends no process: so much of it waits, and the rest is lost.
 */
import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export interface LogOptions {
  /** `trace` … `fatal`, or `silent`. */
  readonly level: string;
  /** The process's role, on every line. */
  readonly role: string;
}

/** Of lines that wait for room: a few hundred. */
const UNWRITTEN_BYTES = 256 * 1024;

export function createLogger(options: LogOptions): Logger {
  const stderr = pino.destination({ fd: 2, sync: true, maxLength: UNWRITTEN_BYTES });
  // Where the disk under a log is full, the process goes on.
  stderr.on('error', () => undefined);
  return pino(
    {
      level: options.level,
      base: { role: options.role, pid: process.pid },
      redact: ['*.secretAccessKey', '*.sessionToken', '*.authorization'],
    },
    {
      write: (line) => {
        stderr.write(escapedJson(line));
      },
    },
  );
}

/** What JSON leaves as it is and a terminal obeys: DEL, C1 (0x9b begins an escape sequence), changes of direction. */
const UNESCAPED = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The same for whoever parses it. */
export function escapedJson(json: string): string {
  return json.replace(UNESCAPED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
