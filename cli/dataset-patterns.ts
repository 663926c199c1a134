/** The lines of `larder status` about how datasets are read. */
import { printable } from '../common/index.ts';
import type { ClusterStatus, PatternStatus } from '../sdk/index.ts';

type Told = Pick<ClusterStatus['datasets'][number], 'name' | 'policy' | 'keptBy' | 'pattern'>;

const KINDS: Record<PatternStatus['kind'], string> = {
  unknown: 'order not known',
  repeated: 'the same order each pass',
  shuffled: 'new order each pass',
  partitioned: 'each node reads its own part',
};

/** `imagenet: new order each pass (3 passes seen, order correlation 0.01, 97 % of touches)`; none where nothing is to say. */
export function describePatterns(datasets: readonly Told[]): string[] {
  const lines = datasets.flatMap(({ name, policy, keptBy, pattern }) => {
    const parts = [
      ...(pattern === null ? [] : [`${KINDS[pattern.kind]} (${evidenceOf(pattern)})`]),
      ...describePolicy(policy, keptBy),
    ];
    return parts.length === 0 ? [] : [`${printable(name)}: ${parts.join('; ')}`];
  });
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function evidenceOf(pattern: PatternStatus): string {
  const { passes, orderCorrelation, seenShare, sameNodeShare, nodes } = pattern;
  if (passes === 0) return 'no pass is over yet';
  return [
    `${String(passes)} ${passes === 1 ? 'pass' : 'passes'} seen`,
    ...(orderCorrelation === null ? [] : [`order correlation ${orderCorrelation.toFixed(2)}`]),
    `${percent(seenShare)} of touches`,
    ...(sameNodeShare === null || nodes < 2
      ? []
      : [`${percent(sameNodeShare)} again by the same of ${String(nodes)} nodes`]),
  ].join(', ');
}

function describePolicy(policy: string, keptBy: Told['keptBy']): string[] {
  if (policy === 'auto') return [];
  const said = `policy=${printable(policy)}`;
  if (policy !== 'partitioned') return [said];
  return keptBy === 'first-toucher'
    ? [`${said}: kept where it is read first`]
    : [`${said}, but nodes do not read the same part again: kept by owners`];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
