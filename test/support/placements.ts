/** Members of a placement, made up. */
import { createHash } from 'node:crypto';
import type { PlacementMember } from '../../common/index.ts';

/** Active workers of one TiB, unless `make` says otherwise. */
export function workers(
  count: number,
  make: (i: number) => Partial<PlacementMember> = () => ({}),
): PlacementMember[] {
  return Array.from({ length: count }, (_, i) => ({
    workerId: `worker-${String(i)}`,
    weightBytes: 2 ** 40,
    dataAddress: `10.0.0.1:${String(i)}`,
    node: `node-${String(i)}`,
    state: 'active',
    ...make(i),
  }));
}

/** An object id. */
export function sha256(number: number): string {
  return createHash('sha256').update(String(number)).digest('hex');
}
