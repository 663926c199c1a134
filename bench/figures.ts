/** What a row of a suite with targets says: figures, each with its target and whether it was met. */
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

/** The machine, or the release, lacks what the row needs. */
export class NotAvailable extends Error {}

export function atMost(what: string, limit: number, value: number, unit = ''): Figure {
  return { what, target: `≤ ${limit}${unit}`, measured: number(value, unit), met: value <= limit };
}

export function atLeast(what: string, limit: number, value: number, unit = ''): Figure {
  return { what, target: `≥ ${limit}${unit}`, measured: number(value, unit), met: value >= limit };
}

export function within(
  what: string,
  { from, to }: { readonly from: number; readonly to: number },
  value: number,
  unit = '',
): Figure {
  const met = from <= value && value <= to;
  const target = `${number(from, '')} … ${number(to, unit)}`;
  return { what, target, measured: number(value, unit), met };
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
