/** The commands below `larder worker`. */
import { Option } from 'commander';
import { MASTER } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';

export function workerCommands(): CommandSpec[] {
  const load = () => import('./commands/worker-drain.ts');
  return [
    {
      usage: 'drain <worker>',
      description:
        'have a worker (its id, or the name of its node) own nothing new, so that others take over what ' +
        'it holds, and it can be stopped',
      example: 'larder worker drain node-17 --wait',
      options: [
        MASTER,
        new Option('--wait', 'return when no last copy is there any more'),
        new Option('--cancel', 'have it own its share again').conflicts('wait'),
      ],
      action: async (args, flags) => (await load()).drain(args, flags),
    },
    {
      usage: 'forget <worker>',
      description: 'remove a worker that is away at once, without waiting for the grace time',
      example: 'larder worker forget node-17',
      options: [MASTER],
      action: async (args, flags) => (await load()).forget(args, flags),
    },
  ];
}
