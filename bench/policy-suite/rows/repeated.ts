/** The same order in each epoch, where LRU has no hit at all. */
import { atMost, NotAvailable, told } from '../../figures.ts';
import type { Figure } from '../../figures.ts';
import type { Served } from '../../../test/support/hosts.ts';
import { evenness, hits, split } from '../judging.ts';
import { dealt, shuffled } from '../orders.ts';
import type { PolicyOptions, PolicyRow } from '../row.ts';
import { KEPT_SHARE, NODES, Scene } from '../scene.ts';
import type { EpochReport } from '../scene.ts';

const EPOCHS = 3;
const SEED = 1;
/** Files of each node in a step. */
const BATCH = 4;
/** Beside the bytes of files there are heads and frames. */
const OVERHEAD = 1.06;

export const repeated: PolicyRow = {
  name: 'repeated',
  title: 'the same order each epoch, half of the dataset kept',
  measure: async ({ datasetBytes, say }) => {
    await using scene = await Scene.start({ datasetBytes });
    const order = shuffled(scene.files, SEED);
    const epochs: EpochReport[] = [];
    for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
      const report = await scene.epoch(order);
      say(`  epoch ${epoch}: ${split(report, scene.bytes)}`);
      epochs.push(report);
    }
    const later = epochs.slice(1);
    return [
      ...later.map((report, i) =>
        hits(`hits in epoch ${i + 2}`, KEPT_SHARE, 1 - report.originBytes / scene.bytes),
      ),
      evenness('misses by decile, most / least', later),
    ];
  },
};

export const replay: PolicyRow = {
  name: 'replay',
  title:
    'the same, and the origin gives half of what the readers want: what is missing comes in time',
  measure: measureReplay,
};

async function measureReplay({
  datasetBytes,
  epochSeconds,
  say,
}: PolicyOptions): Promise<Figure[]> {
  await using scene = await Scene.start({ datasetBytes });
  await scene.set('policy=auto');
  const orders = dealt(shuffled(scene.files, SEED), NODES);
  for (let epoch = 1; epoch <= 2; epoch += 1) await scene.steps(orders, { batch: BATCH });
  const stepsOfEpoch = Math.ceil(scene.files.length / NODES / BATCH);
  const how = { batch: BATCH, computeMs: (epochSeconds * 1_000) / stepsOfEpoch };
  // With an origin that is no limit: what readers and computing take on this machine.
  const computeSeconds = await scene.steps(orders, how);
  say(`  bound by its readers an epoch takes ${computeSeconds.toFixed(1)} s`);
  const halfBytesPerSecond = scene.bytes / computeSeconds / 2;
  scene.hosts.network.limit('s3', Math.round(8 * halfBytesPerSecond * OVERHEAD));
  const before = await scene.hosts.served();
  const seconds = await scene.steps(orders, how);
  const after = await scene.hosts.served();
  const bytes = after.bytes - before.bytes;
  return [
    atMost('epoch / the same bound by its readers', 1.1, seconds / computeSeconds),
    told('the origin sent', `${((100 * bytes) / scene.bytes).toFixed(1)} %`),
    told('of it twice', `${((100 * twice(scene, before, after)) / bytes).toFixed(1)} %`),
  ];
}

/** Bytes that were sent beyond once. */
function twice({ files }: Scene, before: Served, after: Served): number {
  return files.reduce((sum, { path, sizeBytes }) => {
    const key = `d/${path}`;
    const sentBytes = (after.byKey[key] ?? 0) - (before.byKey[key] ?? 0);
    return sum + Math.max(0, sentBytes - sizeBytes);
  }, 0);
}

export const partitioned: PolicyRow = {
  name: 'partitioned',
  title: 'each node reads its own part, in a new order each epoch',
  measure: async ({ datasetBytes, say }) => {
    await using scene = await Scene.start({ datasetBytes });
    await scene.set('policy=auto');
    const own = dealt(shuffled(scene.files, SEED), NODES);
    const reports: EpochReport[] = [];
    for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
      const report = await scene.partitioned(own.map((part) => shuffled(part, epoch)));
      say(`  epoch ${epoch}: ${split(report, scene.bytes)}`);
      reports.push(report);
    }
    const second = reports[1];
    if (second === undefined) throw new NotAvailable('there was no second epoch');
    const { reads } = second;
    const hitBytes = reads.bytes - reads.originBytes;
    const share = (100 * (hitBytes - reads.peerBytes)) / hitBytes;
    return [
      { ...atMost('hits of epoch 2 from other nodes', 5, 100 - share, ' %') },
      hits('hits in epoch 2', KEPT_SHARE, 1 - second.originBytes / scene.bytes),
    ];
  },
};
