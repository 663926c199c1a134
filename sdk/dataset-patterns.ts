/** What the workers of a cluster see of how each dataset is read, as one. */
import type { DatasetPattern__Output } from '../proto/generated/larder/v1/DatasetPattern.ts';
import type { WorkerStatus__Output } from '../proto/generated/larder/v1/WorkerStatus.ts';
import type { PatternStatus } from './types.ts';

const KINDS = ['repeated', 'shuffled', 'partitioned'] as const;
/** Of all that workers saw, what those that name a pattern must have seen. */
const NAMED_SHARE = 1 / 2;

/** Undefined where no worker that is alive has seen a touch. */
export function patternOf(
  datasetId: number,
  workers: readonly WorkerStatus__Output[],
): PatternStatus | undefined {
  const seen = workers
    .filter(({ alive }) => alive)
    .flatMap(({ patterns }) => patterns.filter((it) => it.dataset_id === datasetId));
  if (seen.length === 0) return undefined;
  const sum = (of: (pattern: DatasetPattern__Output) => number) =>
    seen.reduce((total, pattern) => total + of(pattern), 0);
  const seenObjects = sum((it) => it.seen_objects);
  const due = sum((it) => (it.seen_share === 0 ? 0 : it.seen_objects / it.seen_share));
  const compared = sum((it) => (it.compared ? it.seen_objects : 0));
  const again = sum((it) => it.came_again);
  return {
    kind: kindOf(seen, seenObjects),
    version: Math.max(...seen.map(({ version }) => version)),
    passes: Math.max(...seen.map(({ passes }) => passes)),
    seenShare: due === 0 ? 0 : seenObjects / due,
    orderCorrelation:
      compared === 0
        ? null
        : sum((it) => (it.compared ? it.correlation * it.seen_objects : 0)) / compared,
    sameNodeShare: again === 0 ? null : sum((it) => it.came_to_same) / again,
    nodes: Math.max(...seen.map(({ touchers }) => touchers)),
  };
}

function kindOf(
  seen: readonly DatasetPattern__Output[],
  seenObjects: number,
): PatternStatus['kind'] {
  for (const kind of KINDS) {
    const named = seen.filter((pattern) => pattern.kind === kind);
    const objects = named.reduce((total, { seen_objects }) => total + seen_objects, 0);
    if (named.length > 0 && objects > seenObjects * NAMED_SHARE) return kind;
  }
  return 'unknown';
}
