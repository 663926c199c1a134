/**
 * What a row of `npm run bench -- cluster` is: one target of a cluster, measured on hosts of its own.
 *
 * A row that cannot be measured says why (`NotAvailable`); one whose feature fails, fails. Neither has a number.
 */
export interface Figure {
  readonly what: string;
  /** In words: `≤ 1.01`; empty for what is only told. */
  readonly target: string;
  readonly measured: string;
  /** Undefined where there is no target. */
  readonly met?: boolean;
  /** What bounds it: CPU seconds of each process, for each GiB that readers were given. */
  readonly bound?: string;
}

export interface ClusterOptions {
  /** Of the file that everybody wants. */
  readonly fileBytes: number;
  /** Megabits per second of each link, where links are limited. */
  readonly linkMbit: number;
  /** How long a stream is measured. */
  readonly streamSeconds: number;
  /** How long the master is away. */
  readonly awaySeconds: number;
  readonly say: (line: string) => void;
}

export interface ClusterRow {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  readonly measure: (options: ClusterOptions) => Promise<readonly Figure[]>;
}

/** The machine lacks what the row needs. */
export class NotAvailable extends Error {}

export function atMost(what: string, limit: number, value: number, unit = ''): Figure {
  return { what, target: `≤ ${limit}${unit}`, measured: number(value, unit), met: value <= limit };
}

export function atLeast(what: string, limit: number, value: number, unit = ''): Figure {
  return { what, target: `≥ ${limit}${unit}`, measured: number(value, unit), met: value >= limit };
}

export function told(what: string, measured: string): Figure {
  return { what, target: '', measured };
}

/** Three digits that mean something. */
function number(value: number, unit: string): string {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
  return `${value.toFixed(digits)}${unit}`;
}
