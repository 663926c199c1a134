/** The result as a table: medians in GB/s (10^9 bytes), and the ratio to the better of the peers. */
import { align } from '../align.ts';
import { median } from '../median.ts';
import type { Speeds } from './measure.ts';

export interface Result {
  readonly name: string;
  readonly peer: boolean;
  readonly rounds: readonly Speeds[];
}

const COLUMNS = ['cold', 'warm'] as const;

export function renderTable(results: readonly Result[], nativeSpeed: number): string {
  const rows = [['', 'cold GB/s', '× best peer', 'warm GB/s', '× best peer']];
  for (const result of results) {
    const cells = COLUMNS.flatMap((column) => {
      const speed = medianOf(result, column);
      return [gigabytes(speed), ratio(speed, bestPeer(results, column))];
    });
    rows.push([result.name, ...cells]);
  }
  rows.push(['native file, page cache', '', '', gigabytes(nativeSpeed), '']);
  return align(rows);
}

function medianOf(result: Result, column: keyof Speeds): number {
  return median(result.rounds.map((round) => round[column]));
}

function bestPeer(results: readonly Result[], column: keyof Speeds): number | undefined {
  const speeds = results.filter((result) => result.peer).map((result) => medianOf(result, column));
  return speeds.length === 0 ? undefined : Math.max(...speeds);
}

function gigabytes(bytesPerSecond: number): string {
  return (bytesPerSecond / 1e9).toFixed(2);
}

function ratio(speed: number, best: number | undefined): string {
  return best === undefined ? '–' : (speed / best).toFixed(2);
}
