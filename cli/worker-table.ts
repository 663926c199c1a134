/** The workers of a cluster for people: how full they are, and whether that is their part. */
import { formatBytes, printable } from '../common/index.ts';
import type { ClusterStatus, WorkerInfo } from '../sdk/index.ts';
import { table } from './output.ts';

export function workerTable(workers: readonly WorkerInfo[]): string {
  return table(
    ['WORKER', 'NODE', 'STATE', 'USED', 'CAPACITY', 'OWNS', 'SKEW', 'TO COME', 'LAST COPIES'],
    workers.map((worker) => [
      worker.workerId,
      worker.node,
      worker.drained ? 'drained' : worker.state,
      formatBytes(worker.usedBytes),
      formatBytes(worker.capacityBytes),
      `${(100 * worker.ownedShare).toFixed(1)} %`,
      worker.skew === null ? '–' : worker.skew.toFixed(2),
      describeMoves(worker.moves),
      worker.state === 'leaving' ? formatBytes(worker.lastCopyBytes) : '–',
    ]),
  );
}

/** Where a worker has several disks, or one that is not well. */
export function diskTable(workers: readonly WorkerInfo[]): string[] {
  const rows = workers.flatMap(({ node, disks }) =>
    disks.length < 2 && disks.every(({ state }) => state === 'good')
      ? []
      : disks.map((it) => [
          node,
          printable(it.path),
          it.problem === undefined ? it.state : `${it.state} (${printable(it.problem)})`,
          formatBytes(it.usedBytes),
          formatBytes(it.capacityBytes),
          String(it.objects),
          String(it.errors),
        ]),
  );
  if (rows.length === 0) return [];
  return [table(['NODE', 'DISK', 'STATE', 'USED', 'CAPACITY', 'OBJECTS', 'ERRORS'], rows)];
}

export function describeCluster({
  placement,
  skew,
}: Pick<ClusterStatus, 'placement' | 'skew'>): string {
  const filled = skew === null ? '' : `, the fullest worker has ${skew.toFixed(2)} of its part`;
  return `placement: number ${String(placement)}${filled}`;
}

function describeMoves({ pendingObjects, pendingBytes }: WorkerInfo['moves']): string {
  if (pendingObjects === 0) return '–';
  return `${formatBytes(pendingBytes)} (${String(pendingObjects)})`;
}
