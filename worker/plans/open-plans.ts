/** The plans of jobs on a worker, put together. */
import type { BlockIndex } from '../../common/prediction/index.ts';
import type { PlannedRows } from '../admission/index.ts';
import type { OpenedVersion } from '../versions.ts';
import { JobPlans } from './job-plans.ts';
import type { JobPlansOptions } from './job-plans.ts';
import { PlanUses } from './plan-uses.ts';

interface OpenPlansOptions extends Omit<JobPlansOptions, 'uses'> {
  readonly store: {
    readonly policies: { setLookAhead(datasetId: number, rows: PlannedRows | undefined): void };
  };
  readonly predictions: { indexOf(opened: OpenedVersion): Promise<BlockIndex | undefined> };
}

export function openPlans({ store, predictions, ...options }: OpenPlansOptions): JobPlans {
  const uses = new PlanUses({
    ...options,
    setLookAhead: (datasetId, rows) => {
      store.policies.setLookAhead(datasetId, rows);
    },
    indexOf: (opened) => predictions.indexOf(opened),
  });
  return new JobPlans({ ...options, uses });
}
