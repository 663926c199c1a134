/** How well each node suits a job that reads a dataset: by what is on its disks. */
import type { NodeScore } from '../proto/generated/larder/v1/NodeScore.ts';
import type { WorkerStatus } from '../proto/generated/larder/v1/WorkerStatus.ts';

/**
 * @param heldBytes of the dataset, by the id of a worker
 * @param bytes of the version
 * @returns the best first; of two that are equal the one with more room, then by name
 */
export function nodeScores(
  workers: readonly WorkerStatus[],
  heldBytes: (workerId: string) => number,
  bytes: number,
): Required<NodeScore>[] {
  const nodes = new Map<string, { usable: boolean; held: number; free: number }>();
  for (const { member, alive, capacity_bytes: capacity, used_bytes: used } of workers) {
    const sum = nodes.get(member?.node ?? '') ?? { usable: false, held: 0, free: 0 };
    nodes.set(member?.node ?? '', sum);
    if (alive !== true || member?.state === 'LEAVING') continue;
    sum.usable = true;
    sum.held += heldBytes(member?.worker_id ?? '');
    sum.free += Math.max(0, Number(capacity ?? 0) - Number(used ?? 0));
  }
  return [...nodes]
    .map(([node, { usable, held, free }]) => ({
      ...{ node, usable, held_bytes: held, free_bytes: free },
      score: bytes === 0 ? 0 : Math.min(100, Math.floor((100 * held) / bytes)),
    }))
    .sort((a, b) => b.score - a.score || b.free_bytes - a.free_bytes || (a.node < b.node ? -1 : 1));
}
