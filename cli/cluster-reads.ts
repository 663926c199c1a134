/** The lines of `larder status` about where reads came from, and what workers met with others and with origins. */
import { formatBytes, printable } from '../common/index.ts';
import type { ClusterStatus, WorkerInfo } from '../sdk/index.ts';

type Budgeted = Pick<ClusterStatus['datasets'][number], 'name' | 'originBudget'>;
type Told = Pick<ClusterStatus['workers'][number], 'node' | 'peers' | 'originTroubles'>;

/** `reads: 90.0 MiB from the reader's node, …`; undefined where nothing was read. */
export function describeReads(reads: ClusterStatus['reads']): string | undefined {
  if (reads.bytes === 0) return undefined;
  const local = Math.max(0, reads.bytes - reads.peerBytes - reads.originBytes);
  const shares = [
    `${formatBytes(local)} from the reader’s node`,
    `${formatBytes(reads.peerBytes)} from other nodes`,
    `${formatBytes(reads.originBytes)} had to wait for the origin`,
  ];
  return `reads: ${shares.join(', ')}`;
}

const PLACES = { kept: 'kept', replica: 'kept as a second copy', transit: 'passed through' };

/** `kept: below threshold 1,200, fits 30; passed through: …; evicted: …`: of all workers, and why. */
export function describeDecisions(workers: readonly Pick<WorkerInfo, 'decisions'>[]): string[] {
  const lines = Object.entries({ ...PLACES, evicted: 'evicted' }).flatMap(([decision, words]) => {
    const counts = new Map<string, number>();
    for (const it of workers.flatMap(({ decisions }) => decisions)) {
      if (it.decision !== decision) continue;
      counts.set(it.reason, (counts.get(it.reason) ?? 0) + it.count);
    }
    const reasons = [...counts].sort(([, a], [, b]) => b - a);
    if (reasons.length === 0) return [];
    const why = reasons.map(([reason, n]) => `${printable(reason)} ${n.toLocaleString('en')}`);
    return [`objects ${words}: ${why.join(', ')}`];
  });
  return lines.length === 0 ? [] : [lines.join('\n')];
}

/** What was read and not kept; undefined where everything is. */
export function describeTransit(
  workers: readonly Pick<WorkerInfo, 'transit'>[],
): string | undefined {
  let passedBytes = 0;
  let spilledBytes = 0;
  let straightBytes = 0;
  for (const { transit } of workers) {
    passedBytes += transit.passedBytes;
    spilledBytes += transit.spilledBytes;
    straightBytes += transit.straightBytes;
  }
  if (passedBytes + spilledBytes + straightBytes === 0) return undefined;
  const straight =
    straightBytes === 0
      ? ''
      : `; ${formatBytes(straightBytes)} went straight to a reader, because the disks were too`;
  return (
    `not kept: ${formatBytes(passedBytes)} passed through memory, ` +
    `${formatBytes(spilledBytes)} through the disks, because memory was full${straight}`
  );
}

/** `origin of d: 250.0 MiB/s of 300.0 MiB/s`, of each dataset whose origin has a budget. */
export function describeBudgets(datasets: readonly Budgeted[]): string[] {
  return datasets.flatMap(({ name, originBudget }) => {
    if (originBudget === undefined) return [];
    const { budget, now, used } = originBudget;
    const all = `origin of ${printable(name)}: ${formatBytes(used)}/s of ${formatBytes(budget)}/s`;
    return [now < budget ? `${all}, now ${formatBytes(now)}/s: it has throttled` : all];
  });
}

/** What somebody should look at; empty where all is well. */
export function describeTroubles(workers: readonly Told[]): string[] {
  return workers.flatMap(({ node, peers, originTroubles }) => [
    ...originTroubles.map(
      ({ datasetId, message }) =>
        `${node} cannot read the origin of dataset ${String(datasetId)}, others are asked: ${printable(message)}`,
    ),
    ...(peers.badAnswers === 0
      ? []
      : [
          `${node} got ${String(peers.badAnswers)} wrong answers from other workers, the last ` +
            `from ${printable(peers.lastBadPeer)}`,
        ]),
  ]);
}
