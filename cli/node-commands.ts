/** The commands below `larder nodes`. */
import { MASTER } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';

export function nodesCommands(): CommandSpec[] {
  return [
    {
      usage: 'score <dataset>',
      description:
        'how much of a dataset (NAME or NAME@v3) each node has, in percent, the best first; with a feature and ' +
        'a weight as Slurm has them (the lowest weight is taken first)',
      example: 'larder nodes score imagenet@v3',
      options: [MASTER],
      action: async (args, flags) => (await import('./commands/nodes.ts')).score(args, flags),
    },
  ];
}
