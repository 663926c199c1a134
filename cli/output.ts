/**
 * The terminal: data goes to stdout, progress and messages to stderr. Names from outside are shown
 * with their control characters escaped.
 */
import { asLarderError, escapedJson, EXIT_CODE, printable } from '../common/index.ts';

export interface Output {
  readonly json: boolean;
  /** Data as JSON where `--json` was given, else as text. */
  result(value: unknown, text: string): void;
  /** Something to know, on stderr; left out with `--json`. */
  note(text: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    result: (value, text) => {
      if (json) process.stdout.write(`${safeJson(value, 2)}\n`);
      else if (text !== '') process.stdout.write(`${text}\n`);
    },
    note: (text) => {
      if (!json) process.stderr.write(`${text}\n`);
    },
  };
}

/** Whether progress can be drawn. */
export function stderrIsTerminal(): boolean {
  return process.stderr.isTTY;
}

export function stderrStream(): NodeJS.WriteStream {
  return process.stderr;
}

/**
 * Prints an error as people and as scripts want it.
 *
 * @returns the exit code
 */
export function printError(error: unknown, json: boolean): number {
  const failure = asLarderError(error);
  if (json) {
    const { code, facts, message, hint } = failure;
    process.stderr.write(`${safeJson({ error: { code, message, facts, hint } })}\n`);
  } else {
    process.stderr.write(`larder: ${failure.message}\n  ${failure.hint}\n`);
    if (failure.code === 'INTERNAL' && failure.cause instanceof Error) {
      process.stderr.write(`${failure.cause.stack ?? ''}\n`);
    }
  }
  return EXIT_CODE[failure.code];
}

function safeJson(value: unknown, indent?: number): string {
  return escapedJson(JSON.stringify(value, null, indent));
}

/** Columns padded to their widest cell; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => printable(cell)));
  const widths = header.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const numeric = header.map(
    (_, i) => rows.length > 0 && rows.every((row) => /^[\d.,%–-]/.test(row[i] ?? '')),
  );
  return cells
    .map((row) =>
      row
        .map((cell, i) =>
          numeric[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
