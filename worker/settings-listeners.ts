/** Who is told of the settings of datasets and the plans of jobs, as the master sends them. */
import type { Expectations } from './expectations.ts';
import type { FirstTouchers } from './first-touchers.ts';
import type { DatasetRule } from './membership/index.ts';
import type { Moves } from './moves/index.ts';
import type { Patterns } from './patterns/index.ts';
import type { JobPlans, ToldPlan } from './plans/index.ts';
import type { OriginBudgets, OriginShare } from './prefetch/index.ts';

interface SetParts {
  readonly patterns: Pick<Patterns, 'setPolicies'>;
  readonly firstTouchers: Pick<FirstTouchers, 'setRules'>;
  readonly moves: Pick<Moves, 'setReplicas' | 'rulesChanged'>;
  readonly expectations: Pick<Expectations, 'setQuotas'>;
  readonly budgets: Pick<OriginBudgets, 'told'>;
  readonly plans: Pick<JobPlans, 'tell' | 'keep'>;
}

/** Somebody has set something of a dataset, or what was set did not prove itself. */
export function settingsListeners({
  patterns,
  firstTouchers,
  moves,
  expectations,
  budgets,
  plans,
}: SetParts) {
  return {
    onOriginShares: (shares: readonly OriginShare[]) => {
      budgets.told(shares);
    },
    onPlan: (plan: ToldPlan) => {
      plans.tell(plan);
    },
    onLivePlans: (planIds: ReadonlySet<number>) => {
      plans.keep(planIds);
    },
    onReplicas: (replicas: ReadonlyMap<number, number>) => {
      moves.setReplicas(replicas);
    },
    onQuotas: (quotas: ReadonlyMap<number, number>) => {
      expectations.setQuotas(quotas);
    },
    onRules: (rules: ReadonlyMap<number, DatasetRule>) => {
      patterns.setPolicies(new Map([...rules].map(([id, { policy }]) => [id, policy])));
      if (firstTouchers.setRules(rules)) moves.rulesChanged();
    },
  };
}
