/** The plans of the jobs that run. A dataset is where one is told: `Dataset.plan`. */
import { parsePlan } from '../common/plans/index.ts';
import type { PlanRequest } from '../common/plans/index.ts';
import type { Connection } from './connection.ts';
import type { PlanStatus } from './types.ts';
import { planFrom } from './wire.ts';

export class Plans {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** As the workers last told. @throws {LarderError} `UNAVAILABLE` */
  async list(): Promise<PlanStatus[]> {
    return await listPlans(this.#connection);
  }

  /** The job is over. @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE` */
  async end(job: string): Promise<void> {
    await this.#connection.master.plans.endPlan({ job });
  }
}

interface Call {
  readonly signal?: AbortSignal;
}

export async function listPlans({ master }: Connection, call: Call = {}): Promise<PlanStatus[]> {
  const { plans } = await master.plans.listPlans({}, call);
  return plans.map(planFrom);
}

/** @throws {LarderError} `INVALID_ARGUMENT` with the field that is wrong, `BUSY` where there are too many plans */
export async function startPlan(
  { master }: Connection,
  request: PlanRequest,
  of: { readonly dataset: string; readonly version: number },
  call: Call = {},
): Promise<PlanStatus> {
  const plan = JSON.stringify({ ...request, ...of });
  parsePlan(plan);
  return planFrom(await master.plans.startPlan({ plan }, call));
}
