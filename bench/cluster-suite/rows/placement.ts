/** Placement over many workers: what a look-up costs, and what moves. */
import { createHash } from 'node:crypto';
import { Placement } from '../../../common/index.ts';
import type { PlacementMember } from '../../../common/index.ts';
import { ownCpuMs } from '../cpu.ts';
import { atMost } from '../../figures.ts';
import type { ClusterRow } from '../row.ts';

const WORKERS = 1_000;
const OBJECTS = 20_000;
/** So many leave, that chance is small against the 10 % that the target allows. */
const LEAVING = 20;
const TIB = 2 ** 40;

export const placement: ClusterRow = {
  name: 'placement',
  title: `placement over ${WORKERS} workers`,
  measure: async () => {
    const members = Array.from({ length: WORKERS }, (_, i) => member(i));
    const all = new Placement(1, members);
    const without = new Placement(2, members.slice(LEAVING));
    const ids = Array.from({ length: OBJECTS }, (_, i) =>
      createHash('sha1').update(String(i)).digest('hex'),
    );
    const owners = (of: Placement) => ids.map((id) => of.owner(id)?.workerId);
    owners(all);
    const before = ownCpuMs();
    const found = owners(all);
    const microseconds = ((ownCpuMs() - before) * 1e3) / OBJECTS;
    const now = owners(without);
    const moved = found.filter((owner, i) => owner !== now[i]).length / OBJECTS;
    const weightOf = (some: readonly PlacementMember[]) =>
      some.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    const share = weightOf(members.slice(0, LEAVING)) / weightOf(members);
    return [
      atMost('a look-up of the owner (CPU time)', 20, microseconds, ' µs'),
      atMost(`what moves when ${LEAVING} leave / their share`, 1.1, moved / share),
    ];
  },
};

/** Half of them have twice the room. */
function member(i: number): PlacementMember {
  const weightBytes = (i % 2 === 0 ? 1 : 2) * TIB;
  const workerId = createHash('sha1').update(`worker ${i}`).digest('hex');
  const address = { dataAddress: `198.18.0.1:${i + 1}`, node: `n${i}` };
  const all = { workerId, weightBytes, ...address, state: 'active' as const };
  return all;
}
