/** The plans of the jobs that run. A dataset is where one is told: `Dataset.plan`. */
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
    const { plans } = await this.#connection.master.plans.listPlans({});
    return plans.map(planFrom);
  }

  /** The job is over. @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE` */
  async end(job: string): Promise<void> {
    await this.#connection.master.plans.endPlan({ job });
  }
}
