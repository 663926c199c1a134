/** Sizes as people write them (`200GiB`, `64k`) and as we print them. Powers of two throughout. */
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
