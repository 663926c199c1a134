/** Plans of jobs on a worker: which files they are, where each job is, and whether it follows its plan. */
export type { JobPlan, PlanStatus, ToldPlan } from './job-plan.ts';
export type { JobPlans } from './job-plans.ts';
export { openPlans } from './open-plans.ts';
