/**
 * Two datasets, and the readers go from one to the other: the quota follows while the hot one is read for the first
 * time, the second epoch brings what it may keep, and the third has it.
 */
import { totalBytes } from '../../../test/support/hosts.ts';
import { hits, split } from '../judging.ts';
import { dealt, shuffled } from '../orders.ts';
import type { PolicyOptions, PolicyRow } from '../row.ts';
import { NODES, policyFiles, READERS, Scene } from '../scene.ts';
import type { Figure } from '../../figures.ts';

/** Of the hot dataset, what all kept regions could hold. */
const BEST = 0.6;
const EPOCHS = 3;
/** Of the measurement of how much is read: a dataset is cold after four that are quiet, and a fifth that is begun. */
const WINDOWS_PER_EPOCH = 8;

export const hot: PolicyRow = {
  name: 'hot',
  title: 'two datasets, of which one is read no more',
  measure,
};

async function measure({ datasetBytes, epochSeconds, say }: PolicyOptions): Promise<Figure[]> {
  const each = datasetBytes / 2;
  const windowMs = Math.round((epochSeconds * 1_000) / WINDOWS_PER_EPOCH);
  await using scene = await Scene.start({
    ...{ datasetBytes: each, keptBytes: each * BEST },
    env: { LARDER_READ_RATE_WINDOW_MS: String(windowMs) },
  });
  const files = policyFiles(each);
  const bytes = totalBytes(files);
  const pauseMs = (epochSeconds * 1_000) / (files.length / NODES / READERS);
  for (const epoch of [1, 2]) {
    const report = await scene.partitioned(dealt(shuffled(scene.files, epoch), NODES), { pauseMs });
    say(`  epoch ${epoch} of the one that is read no more then: ${split(report, scene.bytes)}`);
  }
  await scene.hosts.dataset('hot', files);
  let share = 0;
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    const orders = dealt(shuffled(files, epoch), NODES);
    const report = await scene.partitioned(orders, { dataset: 'hot', pauseMs });
    say(`  epoch ${epoch} of the hot one: ${split(report, bytes)}`);
    share = 1 - report.originBytes / bytes;
  }
  return [hits(`hits of the hot one in epoch ${EPOCHS}`, BEST, share)];
}
