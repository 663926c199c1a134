/** Two datasets, and the readers go from one to the other: what is kept follows them within one epoch. */
import { totalBytes } from '../../../test/support/hosts.ts';
import { hits, split } from '../judging.ts';
import { dealt, shuffled } from '../orders.ts';
import type { PolicyRow } from '../row.ts';
import { NODES, policyFiles, Scene } from '../scene.ts';

/** Of the hot dataset, what all kept regions could hold. */
const BEST = 0.6;
const EPOCHS = 3;

export const hot: PolicyRow = {
  name: 'hot',
  title: 'two datasets, of which one is read no more',
  measure: async ({ datasetBytes, say }) => {
    const each = datasetBytes / 2;
    await using scene = await Scene.start({ datasetBytes: each, keptBytes: each * BEST });
    await scene.set('quota=');
    await scene.epoch(shuffled(scene.files, 1));
    const files = policyFiles(each);
    await scene.hosts.dataset('hot', files);
    let share = 0;
    for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
      const orders = dealt(shuffled(files, epoch), NODES);
      const report = await scene.partitioned(orders, { dataset: 'hot' });
      say(`  epoch ${epoch} of the hot one: ${split(report, totalBytes(files))}`);
      share = 1 - report.originBytes / totalBytes(files);
    }
    return [hits(`hits of the hot one in epoch ${EPOCHS}`, BEST, share)];
  },
};
