/**
 * Runs jobs over a cluster: each step every job that has begun reads its next object. Time is counted in steps;
 * one epoch of a job has as many as there are objects.
 *
 * Always true: the same options give the same result; what is counted are whole epochs of each job after the
 * warm-up, at the same times for all jobs, so that all of them run while any is counted.
 */
import { LookAhead } from '../../worker/admission/index.ts';
import { Cluster } from './cluster.ts';
import type { PlacementName } from './cluster.ts';
import type { Objects } from './objects.ts';
import type { Known, PolicySpec } from './policies/index.ts';
import { Result } from './result.ts';
import { samplerOf } from './samplers.ts';
import type { Sampler, SamplerName } from './samplers.ts';

export interface SimulationOptions {
  readonly objects: Objects;
  readonly nodes: number;
  /** The kept region of each node. */
  readonly nodeBytes: number;
  readonly placement: PlacementName;
  /** Of each object, the owner's included. */
  readonly replicas: number;
  readonly policy: PolicySpec;
  readonly sampler: SamplerName;
  readonly jobs: number;
  /** All jobs read the same orders. */
  readonly sameOrder: boolean;
  /** When each job begins, in epochs; for jobs beyond those that are named 0. */
  readonly lags: readonly number[];
  readonly warmEpochs: number;
  readonly epochs: number;
  readonly seed: number;
}

export function simulate(options: SimulationOptions): Result {
  const { objects, jobs: count, warmEpochs, epochs, policy } = options;
  const { tellEvery = 1 } = policy;
  const lookAhead = new LookAhead();
  const cluster = new Cluster({ ...options, lookAhead });
  const jobs = Array.from({ length: count }, (_, index) => jobOf(options, index));
  if (policy.known !== 'nothing') for (const job of jobs) tellFirst(job, policy.known, lookAhead);
  const lastStart = Math.max(...jobs.map(({ startsAt }) => startsAt));
  const countedFrom = lastStart + warmEpochs * objects.count;
  const end = countedFrom + epochs * objects.count;
  const result = new Result(epochs);
  for (let step = 0; step < end; step += 1) {
    for (const job of jobs) {
      const at = step - job.startsAt;
      if (at < 0) continue;
      const epoch = Math.floor(at / objects.count);
      const position = at % objects.count;
      if (position === 0) enter(job, epoch, { known: policy.known, lookAhead });
      const object = job.order[position] ?? 0;
      if (policy.known !== 'nothing') {
        // One that tells each read tells it before it is answered; others tell what was read now and then.
        if (tellEvery === 1) lookAhead.advance(job.id, epoch, position + 1);
        else if (position % tellEvery === 0) lookAhead.advance(job.id, epoch, position);
      }
      const source = cluster.read(job.sampler.node(position, object), object);
      if (step < countedFrom) continue;
      result.count(source, objects.sizes[object] ?? 0, position / objects.count);
    }
  }
  return result;
}

interface Job {
  readonly id: string;
  readonly index: number;
  readonly sampler: Sampler;
  /** In steps. */
  readonly startsAt: number;
  readonly jobs: number;
  order: Uint32Array;
}

function jobOf(options: SimulationOptions, index: number): Job {
  const { objects, nodes, seed, sampler, sameOrder, lags, jobs } = options;
  const stream = sameOrder ? 0 : index;
  return {
    id: `job-${String(index)}`,
    index,
    sampler: samplerOf({ name: sampler, objects: objects.count, nodes, seed, stream }),
    startsAt: Math.round((lags[index] ?? 0) * objects.count),
    jobs,
    order: new Uint32Array(0),
  };
}

/** Plans are known before jobs begin. */
function tellFirst(job: Job, known: Known, lookAhead: LookAhead): void {
  if (known === 'next epochs') tell(job, 0, lookAhead);
}

function enter(
  job: Job,
  epoch: number,
  { known, lookAhead }: { readonly known: Known; readonly lookAhead: LookAhead },
): void {
  job.order = job.sampler.order(epoch);
  if (known === 'current epoch') tell(job, epoch, lookAhead);
  if (known === 'next epochs') tell(job, epoch + 1, lookAhead);
}

function tell(job: Job, epoch: number, lookAhead: LookAhead): void {
  const order = job.sampler.order(epoch);
  const startsAt = job.startsAt + epoch * order.length + job.index / job.jobs;
  lookAhead.addEpoch(job.id, epoch, order, { startsAt, perObject: 1 });
}
