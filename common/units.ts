/**
 * Sizes as people write them (`200GiB`, `64k`) and as we print them, powers of two throughout; rates; and
 * durations (`30s`, `500ms`).
 */
import { LarderError } from './errors.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const TIB = 1024 * GIB;

const UNITS: Readonly<Record<string, number>> = { '': 1, k: KIB, m: MIB, g: GIB, t: TIB };

/**
 * Parses `4MiB`, `4M`, `4 mb`, `4194304`: all are powers of 1024.
 *
 * @throws {LarderError} `INVALID_ARGUMENT` for anything else, or above 2^53
 */
export function parseSize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*$/i.exec(text);
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ''];
  const bytes = Math.floor(Number(match?.[1]) * (unit ?? 1));
  if (match === null || !Number.isSafeInteger(bytes)) {
    throw new LarderError('INVALID_ARGUMENT', {
      size: text,
      expected: 'a size like 64MiB or 200GiB',
    });
  }
  return bytes;
}

/**
 * Parses `300MB/s`, `300MB`, `1GiB/s`: bytes per second, powers of 1024 as for sizes.
 *
 * @throws {LarderError} `INVALID_ARGUMENT`
 */
export function parseRate(text: string): number {
  try {
    return parseSize(text.replace(/\/s(ec)?\s*$/i, ''));
  } catch (cause) {
    const expected = 'bytes per second, like 300MB/s';
    throw new LarderError('INVALID_ARGUMENT', { rate: text, expected }, { cause });
  }
}

/** `1.5 GiB`; exact below 1 KiB. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ['TiB', TIB],
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${String(bytes)} B`;
}

const DURATION_MS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/**
 * Parses `500ms`, `1.5s`, `2m`, `1h`, `1d`: a unit is needed.
 *
 * @returns whole milliseconds, or undefined for anything else
 */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(text) ?? [];
  const unitMs = DURATION_MS.find(([name]) => name === unit)?.[1];
  const ms = Number(count) * (unitMs ?? Number.NaN);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** `30s`, `1500ms`: exact, in the largest unit that is. */
export function formatDuration(ms: number): string {
  const [unit, unitMs] = DURATION_MS.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${String(ms / unitMs)}${unit}`;
}
