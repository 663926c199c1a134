/** The Plans service. */
import type { PlansHandlers } from '../proto/generated/larder/v1/Plans.ts';
import type { Handlers } from '../rpc/grpc/index.ts';
import type { Plans } from './plans.ts';

export function plansService(handlers: Handlers, plans: Plans): PlansHandlers {
  return {
    StartPlan: handlers.unary(({ plan }) => plans.start(plan)),
    ListPlans: handlers.unary(async () => ({ plans: plans.list() })),
    EndPlan: handlers.unary(async ({ job }) => {
      await plans.end(job);
      return {};
    }),
  };
}
