/** What is said of an epoch. */
import { atMost, within } from '../figures.ts';
import type { Figure } from '../figures.ts';
import { KEPT_SHARE } from './scene.ts';
import type { EpochReport } from './scene.ts';

/** Of 100. */
const POINTS = 3;
const MOST_UNEVEN = 1.5;
/** Then 1.5 is three standard deviations of that ratio away: 192 MiB give 1.2, 64 MiB 1.38, 32 MiB 1.6. */
const MOST_BY_CHANCE = 1.25;
const DECILES = 10;
const EXTREME_OF_TEN = 1.54;

/** Within 3 points of what is expected. */
export function hits(what: string, expectedShare: number, share: number): Figure {
  const expected = 100 * expectedShare;
  return within(what, { from: expected - POINTS, to: expected + POINTS }, 100 * share, ' %');
}

/** What is forecast, and what happened: both of 1, within 3 points. */
export function foretold(what: string, forecastShare: number, share: number): Figure {
  return atMost(
    `forecast of ${what}, points beside what happened`,
    POINTS,
    100 * Math.abs(forecastShare - share),
  );
}

/**
 * Most / least misses of ten equal parts of the epochs, where each file is missed by chance and by nothing else. The
 * parts' sums are spread by their standard deviation, and the largest and the least of ten normal numbers are 1.54 of
 * these from their mean.
 */
export function chanceUnevenness(
  sizes: readonly number[],
  missShare: number,
  epochs: number,
): number {
  const mean = sizes.reduce((sum, bytes) => sum + bytes, 0) / sizes.length;
  const square = sizes.reduce((sum, bytes) => sum + bytes ** 2, 0) / sizes.length;
  const files = (sizes.length * epochs) / DECILES;
  const variance = missShare * square - (missShare * mean) ** 2;
  const spread = (EXTREME_OF_TEN * Math.sqrt(files * variance)) / (files * missShare * mean);
  return spread >= 1 ? Infinity : (1 + spread) / (1 - spread);
}

/**
 * Over the deciles of all epochs: each epoch alone has few files in a decile.
 *
 * @throws where so few files were read that chance alone may miss the target
 */
export function evenness(
  what: string,
  epochs: readonly EpochReport[],
  files: readonly { readonly sizeBytes: number }[],
): Figure {
  const sizes = files.map(({ sizeBytes }) => sizeBytes);
  const chance = chanceUnevenness(sizes, 1 - KEPT_SHARE, epochs.length);
  if (chance > MOST_BY_CHANCE) {
    throw new Error(
      `${String(files.length)} files are too few for deciles, by chance alone most / least is ` +
        `${chance.toFixed(2)}: a larger --size is needed`,
    );
  }
  return atMost(what, MOST_UNEVEN, unevenness(epochs));
}

/** Most / least misses of the deciles of all epochs together. */
export function unevenness(epochs: readonly EpochReport[]): number {
  const tenths = Array.from({ length: DECILES }, (_, i) =>
    epochs.reduce((sum, { deciles }) => sum + (deciles[i] ?? 0), 0),
  );
  return Math.max(...tenths) / Math.min(...tenths);
}

/** `origin 50.3 %, local 12.1 %, peer 37.6 %`, of what the readers asked for. */
export function split({ originBytes, reads }: EpochReport, bytes: number): string {
  const percent = (part: number) => `${((100 * part) / Math.max(1, reads.bytes)).toFixed(1)} %`;
  const local = reads.bytes - reads.peerBytes - reads.originBytes;
  return (
    `S3 sent ${((100 * originBytes) / bytes).toFixed(1)} % of the dataset; ` +
    `waited for the origin ${percent(reads.originBytes)}, from another node ${percent(reads.peerBytes)}, ` +
    `from its own ${percent(local)}`
  );
}
