/** A new permutation in each epoch: no policy has more hits than what it keeps, and these come evenly. */
import { told, within } from '../../figures.ts';
import type { Figure } from '../../figures.ts';
import { shuffled } from '../orders.ts';
import type { PolicyOptions, PolicyRow } from '../row.ts';
import { KEPT_SHARE, Scene, WINDOW_SHARE } from '../scene.ts';
import type { EpochReport, Forecast, Way } from '../scene.ts';
import { evenness, foretold, hits, split } from '../judging.ts';

const EPOCHS = 3;

export const shuffledSdk = row('shuffled', 'by the SDK', 'sdk');
export const shuffledDaemon = row('shuffled-daemon', 'through mounts in daemon mode', 'daemon');
export const shuffledPassthrough = row(
  'shuffled-pass',
  'through mounts with passthrough',
  'passthrough',
);

function row(name: string, how: string, way: Way): PolicyRow {
  return {
    name,
    title: `a new permutation each epoch, half of the dataset kept, ${how}`,
    measure: (options) => measure(options, way),
  };
}

async function measure({ datasetBytes, say }: PolicyOptions, way: Way): Promise<Figure[]> {
  await using scene = await Scene.start({ datasetBytes });
  const epochs: EpochReport[] = [];
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    const report = await scene.epoch(shuffled(scene.files, epoch), way);
    say(`  epoch ${epoch}: ${split(report, scene.bytes)}`);
    epochs.push(report);
  }
  const said = await scene.predict();
  const [first, ...later] = epochs;
  return [
    within(
      'origin bytes of the first epoch / dataset',
      { from: 1, to: 1 + WINDOW_SHARE },
      (first?.originBytes ?? 0) / scene.bytes,
    ),
    ...later.flatMap(({ originBytes }, i) => [
      hits(`hits in epoch ${i + 2}`, KEPT_SHARE, 1 - originBytes / scene.bytes),
      within(
        `origin bytes of epoch ${i + 2} / dataset`,
        { from: 1 - KEPT_SHARE - WINDOW_SHARE, to: 1 - KEPT_SHARE + WINDOW_SHARE },
        originBytes / scene.bytes,
      ),
    ]),
    ...(way === 'passthrough' ? [] : later.map((report, i) => counted(report, i + 2))),
    ...(way === 'sdk' ? later.flatMap((report, i) => forecasts(scene, said, report, i + 2)) : []),
    evenness('misses by decile, most / least', later, scene.files),
    told('skew of the workers', ((await scene.hosts.status()).skew ?? 0).toFixed(2)),
  ];
}

/** What the workers' own counters say: in passthrough the kernel reads much without asking them. */
function counted({ reads }: EpochReport, epoch: number): Figure {
  const share = 1 - reads.originBytes / reads.bytes;
  return hits(`the same as the workers count, epoch ${epoch}`, KEPT_SHARE, share);
}

/** Through a mount the kernel's cache takes a part of what the forecast calls local. */
function forecasts(
  { bytes }: Scene,
  said: Forecast,
  { originBytes, reads }: EpochReport,
  epoch: number,
): Figure[] {
  const localBytes = reads.bytes - reads.peerBytes - reads.originBytes;
  return [
    foretold(`hits of epoch ${epoch}`, said.hitRatio, 1 - originBytes / bytes),
    foretold(`local share of epoch ${epoch}`, said.localShare, localBytes / reads.bytes),
  ];
}
