/** What a row of `npm run bench -- policy`, or `-- plans`, is: one target of the policy, on a cluster of four workers. */
import type { Saying, TargetRow } from '../target-rows.ts';

export interface PolicyOptions extends Saying {
  readonly datasetBytes: number;
  /** That the computing of one epoch takes. */
  readonly epochSeconds: number;
}

export type PolicyRow = TargetRow<Omit<PolicyOptions, 'say'>>;
