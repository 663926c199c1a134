/** Plans: the order in which a job will read, as it is told. */
export { MAX_PLANS, MAX_PLAN_BYTES, MAX_PLAN_FILES } from '../limits.ts';
export { parsePlan } from './plan.ts';
export { planRequestOf } from './request.ts';
export type { Plan, PlannedFiles, PlanRequest } from './plan.ts';
