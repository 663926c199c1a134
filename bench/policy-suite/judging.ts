/** What is said of an epoch. */
import { atMost, within } from '../figures.ts';
import type { Figure } from '../figures.ts';
import type { EpochReport } from './scene.ts';

/** Of 100. */
const POINTS = 3;
const MOST_UNEVEN = 1.5;

/** Within 3 points of what is expected. */
export function hits(what: string, expectedShare: number, share: number): Figure {
  const expected = 100 * expectedShare;
  return within(what, { from: expected - POINTS, to: expected + POINTS }, 100 * share, ' %');
}

/** Over the deciles of all epochs: each epoch alone has few files in a decile. */
export function evenness(what: string, epochs: readonly EpochReport[]): Figure {
  const tenths = Array.from({ length: 10 }, (_, i) =>
    epochs.reduce((sum, { deciles }) => sum + (deciles[i] ?? 0), 0),
  );
  return atMost(what, MOST_UNEVEN, Math.max(...tenths) / Math.min(...tenths));
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
