/** Jobs whose orders are known from the seeds of their samplers, half of their dataset kept. */
import { parsePlan } from '../../../common/plans/index.ts';
import { epochOrder } from '../../../common/samplers/index.ts';
import type { TestFile } from '../../../test/support/hosts.ts';
import { atLeast, atMost, told } from '../../figures.ts';
import type { Figure } from '../../figures.ts';
import { split } from '../judging.ts';
import { dealt } from '../orders.ts';
import type { PolicyOptions, PolicyRow } from '../row.ts';
import { NODES, Scene } from '../scene.ts';

const EPOCHS = 12;
/** Files of each node in a step. */
const BATCH = 4;
/** Beside the bytes of files there are heads and frames. */
const OVERHEAD = 1.06;
const MOST_LATE = 1.1;
/** Beside each other, because what else the machine does makes an epoch slower by a tenth and more, and none faster. */
const ROUNDS = 3;
/** `docs/POLICY.md`: two jobs with orders of their own, the next epochs known, half kept. */
const BELADY = 0.73;
const BELADY_SHARE = 0.9;
const TWO_JOBS_EPOCHS = 4;

const planned: PolicyRow = {
  name: 'planned',
  title: 'a new order each epoch that is known, and the origin gives half of what the readers want',
  measure: measurePlanned,
};

const twoPlanned: PolicyRow = {
  name: 'two-planned',
  title: 'two jobs on one dataset, each with an order of its own that is known',
  measure: measureTwo,
};

export const PLANS_ROWS: readonly PolicyRow[] = [planned, twoPlanned];

async function measurePlanned(options: PolicyOptions): Promise<Figure[]> {
  await using scene = await Scene.start({ datasetBytes: options.datasetBytes });
  await tell(scene, 0);
  await scene.steps(orderOf(scene, 0, 0), { batch: BATCH });
  let epoch = 1;
  const round = async (what: string): Promise<number> => {
    const ratio = await measureRound(scene, epoch, options, what);
    epoch += 2;
    return ratio;
  };
  const withPlan: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) withPlan.push(await round('with a plan'));
  const states = await statesOf(scene);
  await scene.hosts.ok('master', ['plans', 'end', jobOf(0), ...where(scene)]);
  const without = await round('without');
  return [
    atMost(
      `epoch / the same bound by its readers, best of ${ROUNDS}`,
      MOST_LATE,
      Math.min(...withPlan),
    ),
    told('the same without a plan', without.toFixed(2)),
    told('its plan, by worker', states),
  ];
}

/** An epoch with an origin that is no limit, and the next with one that gives half of what that wanted. */
async function measureRound(
  scene: Scene,
  epoch: number,
  { epochSeconds, say }: PolicyOptions,
  what: string,
): Promise<number> {
  const stepsOfEpoch = Math.ceil(scene.files.length / NODES / BATCH);
  const how = { batch: BATCH, computeMs: (epochSeconds * 1_000) / stepsOfEpoch };
  const { network } = scene.hosts;
  const boundSeconds = await scene.steps(orderOf(scene, 0, epoch), how);
  network.limit('s3', Math.round((8 * scene.bytes * OVERHEAD) / boundSeconds / 2));
  const before = await scene.hosts.served();
  const seconds = await scene.steps(orderOf(scene, 0, epoch + 1), how);
  const after = await scene.hosts.served();
  network.limit('s3', undefined);
  const ratio = seconds / boundSeconds;
  const sent = (100 * (after.bytes - before.bytes)) / scene.bytes;
  say(
    `  ${what}: bound by its readers an epoch takes ${boundSeconds.toFixed(1)} s, with half of that from the ` +
      `origin ${seconds.toFixed(1)} s: ${ratio.toFixed(2)}; the origin sent ${sent.toFixed(1)} % of the dataset`,
  );
  return ratio;
}

async function measureTwo({ datasetBytes, say }: PolicyOptions): Promise<Figure[]> {
  await using scene = await Scene.start({ datasetBytes });
  for (const job of [0, 1]) await tell(scene, job);
  const hits: number[] = [];
  for (let epoch = 0; epoch < TWO_JOBS_EPOCHS; epoch += 1) {
    const [one = [], other = []] = [0, 1].map((job) => orderOf(scene, job, epoch));
    const report = await scene.partitioned(one.map((files, node) => mixed(files, other[node])));
    say(`  epoch ${epoch + 1} of both: ${split(report, scene.bytes)}; ${await statesOf(scene)}`);
    if (epoch > 0) hits.push(1 - report.originBytes / scene.bytes / 2);
  }
  const mean = hits.reduce((sum, share) => sum + share, 0) / hits.length;
  return [
    atLeast('hits from epoch 2 on', 100 * BELADY_SHARE * BELADY, 100 * mean, ' %'),
    told('of what Belady hits', (mean / BELADY).toFixed(2)),
  ];
}

function jobOf(job: number): string {
  return `job ${job}`;
}

function where(scene: Scene): string[] {
  return ['--master', scene.hosts.masterAddress];
}

/** Epochs are counted from 0; the ranks are the nodes. */
async function tell(scene: Scene, job: number): Promise<void> {
  const plan = ['--sampler', 'torch-distributed', '--files', 'sorted', '--job', jobOf(job)];
  const how = ['--seed', String(job), '--epochs', String(EPOCHS), '--world', String(NODES)];
  await scene.hosts.ok('master', ['plan', 'd', ...plan, ...how, ...where(scene)]);
}

/** What each node reads, as the plan says. */
function orderOf(scene: Scene, job: number, epoch: number): TestFile[][] {
  const said = { dataset: 'd', sampler: 'torch-distributed', seed: job, epochs: EPOCHS };
  const plan = parsePlan(JSON.stringify({ ...said, world: NODES }));
  const files = [...scene.files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const order = [...epochOrder(plan, files.length, epoch)].flatMap((index) => files[index] ?? []);
  return dealt(order, NODES);
}

/** One of the one, one of the other. */
function mixed(files: readonly TestFile[], others: readonly TestFile[] = []): TestFile[] {
  return files.flatMap((file, i) => [file, ...others.slice(i, i + 1)]);
}

interface ListedPlans {
  readonly plans: readonly {
    readonly workers: readonly { readonly state: string; readonly strayed: number }[];
  }[];
}

/** `followed 0, followed 3`: of each plan on each worker, and how many reads seemed to stray from it. */
async function statesOf(scene: Scene): Promise<string> {
  const stdout = await scene.hosts.ok('master', ['plans', 'list', '--json', ...where(scene)]);
  const { plans } = JSON.parse(stdout) as ListedPlans;
  const workers = plans.flatMap((plan) => plan.workers);
  return workers.map(({ state, strayed }) => `${state} ${strayed}`).join(', ');
}
