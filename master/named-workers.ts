/** From names of nodes, or ids of workers, to the workers that own and keep objects now. */
import { LarderError } from '../common/index.ts';
import type { PlacementRecord } from './records.ts';

/**
 * @returns ids, each once; none where none is named
 * @throws {LarderError} `NOT_FOUND` naming the first that is unknown; `INVALID_ARGUMENT` for one that is leaving
 */
export function namedWorkers({ members }: PlacementRecord, names: readonly string[]): string[] {
  const ids = new Set<string>();
  for (const name of names) {
    const found = members.filter(({ workerId, node }) => workerId === name || node === name);
    if (found.length === 0) {
      const nodes = [...new Set(members.map(({ node }) => node))].sort().slice(0, SHOWN_NODES);
      throw new LarderError('NOT_FOUND', { node: name, known: nodes.join(' ') });
    }
    const leaving = found.find(({ state }) => state === 'leaving');
    if (leaving !== undefined) {
      throw new LarderError('INVALID_ARGUMENT', { node: name, what: 'it is leaving' });
    }
    for (const { workerId } of found) ids.add(workerId);
  }
  return [...ids].sort();
}

/** In a message. */
const SHOWN_NODES = 20;
