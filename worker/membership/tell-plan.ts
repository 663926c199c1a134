/** A plan that the master has sent, read again: whatever it is, it may not stop the worker. */
import { asLarderError } from '../../common/index.ts';
import { parsePlan } from '../../common/plans/index.ts';
import type { JobPlan__Output } from '../../proto/generated/larder/v1/JobPlan.ts';
import type { MembershipOptions } from './types.ts';

export function tellPlan(
  { onPlan, log }: Pick<MembershipOptions, 'onPlan' | 'log'>,
  { plan_id: planId, dataset_id: datasetId, version, plan }: JobPlan__Output,
): void {
  try {
    onPlan?.({ planId, datasetId, version, plan: parsePlan(plan) });
  } catch (error) {
    // A later release may have other samplers.
    log.warn({ plan: planId, reason: asLarderError(error).message }, 'a plan was dropped');
  }
}
