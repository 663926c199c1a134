/**
 * A full report of a million blocks between a real reporter and a real view: how large it is, and what the
 * master does with it.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { systemClock } from '../../../common/index.ts';
import { HeldBlocks } from '../../../master/held.ts';
import type { HeldReport } from '../../../proto/generated/larder/v1/HeldReport.ts';
import { HeldReporter } from '../../../worker/membership/held-reporter.ts';
import { ownCpuMs } from '../cpu.ts';
import { atMost } from '../../figures.ts';
import type { ClusterRow } from '../row.ts';

const BLOCKS = 1_000_000;
const DATASET = 1;
const ROUNDS = 20;
/** Of the blocks, those that are not as predicted. */
const OTHERS = 1 / 100;

export const report: ClusterRow = {
  name: 'report',
  title: 'a full report of a million blocks',
  measure: async () => {
    // The worst there is for runs and for lists of numbers: half of the blocks, in no order.
    const predicted = chosen(1, 1 / 2);
    const held = predicted.clone().xorInPlace(chosen(2, OTHERS));
    const any = await fullReport(held, undefined);
    const alike = await fullReport(held, predicted);
    return [
      atMost('99 % as predicted', 50, kilobytes(alike), ' KB'),
      atMost('any content', 165, kilobytes(any), ' KB'),
      atMost('at the master, any (CPU time)', 100, await atMaster(any, held, undefined), ' ms'),
      atMost(
        'at the master, of a prediction that is there',
        100,
        await atMaster(alike, held, predicted),
        ' ms',
      ),
    ];
  },
};

function chosen(seed: number, share: number): RoaringBitmap32 {
  const blocks = new RoaringBitmap32();
  let state = seed;
  for (let block = 0; block < BLOCKS; block += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    if (state / 2 ** 32 < share) blocks.add(block);
  }
  return blocks;
}

async function fullReport(
  held: RoaringBitmap32,
  predicted: RoaringBitmap32 | undefined,
): Promise<HeldReport[]> {
  const reports: HeldReport[] = [];
  const wire = { version: 1, placement: 1, threshold: 1, blocks: 0, checksum: 0 };
  const options = {
    held: {
      datasetIds: () => [DATASET],
      blocks: () => held.clone(),
      bytes: () => 0,
      onChange: () => () => undefined,
    },
    clock: systemClock,
    reportMs: 100,
    known: new Set<number>(),
    signal: new AbortController().signal,
    predict: () =>
      Promise.resolve(predicted === undefined ? undefined : { blocks: predicted.clone(), wire }),
    send: async (sent: HeldReport) => void reports.push(sent),
  };
  using reporter = new HeldReporter(options);
  await reporter.reported;
  return reports;
}

/** CPU time of taking it over, in milliseconds. @throws unless the master then knows what is held */
async function atMaster(
  reports: readonly HeldReport[],
  held: RoaringBitmap32,
  predicted: RoaringBitmap32 | undefined,
): Promise<number> {
  const before = ownCpuMs();
  for (let round = 0; round < ROUNDS; round += 1) {
    const view = new HeldBlocks();
    for (const sent of reports) view.apply('w1', received(sent, predicted));
    if (view.blocks('w1', DATASET)?.isEqual(held) !== true) throw new Error('wrong blocks');
    view.forgetWorker('w1');
  }
  return (ownCpuMs() - before) / ROUNDS;
}

function received(sent: HeldReport, predicted: RoaringBitmap32 | undefined) {
  return {
    datasetId: DATASET,
    heldBytes: 0,
    full: sent.full === true,
    more: sent.more === true,
    added: Buffer.from(sent.added ?? ''),
    removed: Buffer.alloc(0),
    base: 'predicted' in sent ? predicted : undefined,
  };
}

function kilobytes(reports: readonly HeldReport[]): number {
  return reports.reduce((sum, { added = '' }) => sum + added.length, 0) / 1_000;
}
