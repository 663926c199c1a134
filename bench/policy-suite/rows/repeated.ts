/** The same order in each epoch, where LRU has no hit at all. */
import { atMost, NotAvailable, told } from '../../figures.ts';
import type { Figure } from '../../figures.ts';
import type { Served, TestFile } from '../../../test/support/hosts.ts';
import { hits, split, unevenness } from '../judging.ts';
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
const MOST_LATE = 1.1;
/** Beside each other, because what else the machine does makes an epoch slower by a tenth and more, and none faster. */
const ROUNDS = 3;

interface Round {
  readonly boundSeconds: number;
  readonly seconds: number;
  readonly foretoldSeconds: number;
  readonly sentBytes: number;
  readonly twiceBytes: number;
  /** Of what the origin sent, what came after it was asked for. */
  readonly waitedBytes: number;
}

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
      // Each epoch has the same misses, so that more of them level out no chance; and what is fetched ahead begins in one.
      told('misses by decile, most / least', unevenness(later).toFixed(2)),
    ];
  },
};

export const replay: PolicyRow = {
  name: 'replay',
  title:
    'the same, and the origin gives half of what the readers want: what is missing comes in time',
  measure: measureReplay,
};

async function measureReplay(options: PolicyOptions): Promise<Figure[]> {
  await using scene = await Scene.start({ datasetBytes: options.datasetBytes });
  await scene.set('policy=auto');
  const orders = dealt(shuffled(scene.files, SEED), NODES);
  for (let epoch = 1; epoch <= 2; epoch += 1) await scene.steps(orders, { batch: BATCH });
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i += 1) rounds.push(await measureRound(scene, orders, options));
  const best = rounds.reduce((a, b) => (ratioOf(b) < ratioOf(a) ? b : a));
  return [
    atMost(`epoch / the same bound by its readers, best of ${ROUNDS}`, MOST_LATE, ratioOf(best)),
    atMost(
      'forecast of that epoch, beside what it took',
      10,
      100 * Math.abs(best.foretoldSeconds / best.seconds - 1),
      ' %',
    ),
    told('the origin sent', `${((100 * best.sentBytes) / scene.bytes).toFixed(1)} %`),
    told('of it twice', `${((100 * best.twiceBytes) / best.sentBytes).toFixed(1)} %`),
    told('readers waited for', `${((100 * best.waitedBytes) / best.sentBytes).toFixed(1)} % of it`),
  ];
}

/** An epoch with an origin that is no limit, and the same again with one that gives half of what that wanted. */
async function measureRound(
  scene: Scene,
  orders: readonly (readonly TestFile[])[],
  { epochSeconds, say }: PolicyOptions,
): Promise<Round> {
  const stepsOfEpoch = Math.ceil(scene.files.length / NODES / BATCH);
  const how = { batch: BATCH, computeMs: (epochSeconds * 1_000) / stepsOfEpoch };
  const { network } = scene.hosts;
  // What readers and computing take on this machine.
  const boundSeconds = await scene.steps(orders, how);
  const halfBytesPerSecond = scene.bytes / boundSeconds / 2;
  network.limit('s3', Math.round(8 * halfBytesPerSecond * OVERHEAD));
  const [before, readsBefore] = await Promise.all([scene.hosts.served(), scene.reads()]);
  const seconds = await scene.steps(orders, how);
  const [after, readsAfter] = await Promise.all([scene.hosts.served(), scene.reads()]);
  network.limit('s3', undefined);
  const bandwidth = String(Math.round(halfBytesPerSecond));
  const { epochSeconds: foretoldSeconds } = await scene.predict(
    ...['--order', 'repeated', '--compute', String(boundSeconds), '--origin-bandwidth', bandwidth],
  );
  if (foretoldSeconds === null) throw new Error('there is no forecast of the time');
  const round = {
    ...{ boundSeconds, seconds, foretoldSeconds },
    sentBytes: after.bytes - before.bytes,
    twiceBytes: twice(scene, before, after),
    waitedBytes: readsAfter.originBytes - readsBefore.originBytes,
  };
  say(
    `  bound by its readers an epoch takes ${boundSeconds.toFixed(1)} s, with half of that from the ` +
      `origin ${seconds.toFixed(1)} s: ${ratioOf(round).toFixed(2)}`,
  );
  return round;
}

function ratioOf({ boundSeconds, seconds }: Pick<Round, 'boundSeconds' | 'seconds'>): number {
  return seconds / boundSeconds;
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
    await scene.set('policy=partitioned');
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
