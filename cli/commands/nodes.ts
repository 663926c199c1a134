/** `larder nodes score`: what schedulers may choose nodes by. */
import { EXIT, formatBytes } from '../../common/index.ts';
import type { NodeScores } from '../../sdk/index.ts';
import type { Flags } from '../flags.ts';
import { table } from '../output.ts';
import { withLarder } from '../with-larder.ts';

export async function score([reference = '']: string[], flags: Flags): Promise<number> {
  return await withLarder(flags, async (larder, { output }) => {
    const scores = await larder.scoreNodes(reference);
    const nodes = scores.nodes.map((node) => ({ ...node, ...slurmOf(scores.dataset, node) }));
    const header = ['NODE', 'SCORE', 'HELD', 'FREE', 'FEATURE', 'WEIGHT'];
    const rows = nodes.map((it) => [
      it.node,
      it.usable ? String(it.score) : '–',
      formatBytes(it.heldBytes),
      formatBytes(it.freeBytes),
      it.feature,
      String(it.weight),
    ]);
    output.result({ ...scores, nodes }, nodes.length === 0 ? 'No nodes.' : table(header, rows));
    return EXIT.ok;
  });
}

/** As Slurm has them: it takes nodes of a low weight first, and by features that a job may ask for. */
function slurmOf(dataset: string, { score, usable }: NodeScores['nodes'][number]) {
  const feature = usable && score > 0 ? `larder_${dataset.replace(/[^A-Za-z0-9]/g, '_')}` : '–';
  return { feature, weight: 101 - (usable ? score : 0) };
}
