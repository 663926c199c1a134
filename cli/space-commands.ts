/** `larder free`, `larder pin`, `larder unpin` and `larder pins`: their flags and help. */
import { Option } from 'commander';
import { MASTER } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';

export function spaceCommands(): CommandSpec[] {
  const load = () => import('./commands/space.ts');
  return [
    {
      usage: 'free <dataset> [paths...]',
      description:
        "take a dataset, or some of its paths or patterns, off the workers' disks; what is open, pinned or protected " +
        'stays, and is told; exit code 8: some worker could not be asked',
      example: "larder free imagenet@v2 'train/n01*' --dry-run",
      options: [
        MASTER,
        new Option('--on <nodes...>', 'only on these nodes'),
        new Option('--dry-run', 'say what would go and what would stay, and free nothing'),
      ],
      action: async (args, flags) => (await load()).free(args, flags),
    },
    {
      usage: 'pin <dataset> [paths...]',
      description:
        'protect a dataset, or some of its paths or patterns, from eviction without end; fetches nothing',
      example: "larder pin imagenet@v3 'val/**'",
      options: [MASTER],
      action: async (args, flags) => (await load()).pin(args, flags),
    },
    {
      usage: 'unpin <dataset> [paths...]',
      description: 'let be evicted what was pinned',
      example: 'larder unpin imagenet',
      options: [MASTER],
      action: async (args, flags) => (await load()).unpin(args, flags),
    },
    {
      usage: 'pins',
      description: 'what is pinned, and how much of it is held',
      example: 'larder pins --json',
      options: [MASTER],
      action: async (_, flags) => (await load()).pins(flags),
    },
  ];
}
