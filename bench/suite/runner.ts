/**
 * Runs rows: the samples of a row's contenders take turns, each time beginning with another, so that
 * a slow minute of the machine meets all of them.
 *
 * Always true: a contender that is not available is left out of its row, with the reason, and the rest
 * runs; so is one that fails, and the run ends with a failure.
 */
import { throwIfInterrupted } from '../processes.ts';
import type { Bench } from './bench.ts';
import { formatValue, verdictsOf } from './results.ts';
import type { Measured, RowResult } from './results.ts';
import { rotated } from './rotate.ts';
import { samplesOf } from './row.ts';
import type { ContenderName } from './contender.ts';
import type { Row, Suite } from './row.ts';
import { NotAvailable } from './scene.ts';

interface Running {
  readonly contender: ContenderName;
  readonly samples: number[];
  unavailable?: string;
  failed?: string;
}

export interface RunOptions {
  readonly suite: Suite;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

export async function runRow(
  bench: Bench,
  row: Row,
  { suite, rounds, say }: RunOptions,
): Promise<RowResult> {
  const all = (row.contenders[suite] ?? []).map((contender): Running => {
    return { contender, samples: [] };
  });
  for (let round = 0; round < samplesOf(row, suite, rounds); round += 1) {
    for (const running of rotated(all, round)) {
      if (running.unavailable !== undefined || running.failed !== undefined) continue;
      throwIfInterrupted();
      await sampleOnce(bench, row, running);
    }
    say(`${row.name} ${round + 1}: ${all.map((each) => latestOf(each, row)).join(', ')}`);
  }
  const measured: readonly Measured[] = all;
  const verdicts = verdictsOf(row, suite, measured);
  return { name: row.name, date: new Date().toISOString(), unit: row.unit, measured, verdicts };
}

async function sampleOnce(bench: Bench, row: Row, running: Running): Promise<void> {
  try {
    running.samples.push(await row.sample(bench, running.contender));
  } catch (error) {
    throwIfInterrupted();
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof NotAvailable) running.unavailable = message;
    else running.failed = message;
  }
}

function latestOf({ contender, samples, unavailable, failed }: Running, { unit }: Row): string {
  if (failed !== undefined) return `${contender} FAILED`;
  const latest = samples.at(-1);
  if (unavailable !== undefined || latest === undefined) return `${contender} not available`;
  return `${contender} ${formatValue(latest, unit)} ${unit}`;
}
