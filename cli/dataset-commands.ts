/** `larder dataset …`: their flags and help. */
import { Option } from 'commander';
import { MASTER } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';
import { refreshOptions } from './preload-commands.ts';

export function datasetCommands(): CommandSpec[] {
  const load = () => import('./commands/dataset.ts');
  return [
    {
      usage: 'create <name> <origin> [settings...]',
      description: 'list an origin and make version 1; settings are KEY=VALUE',
      example: 'larder dataset create imagenet s3://my-bucket/imagenet region=eu-west-1',
      options: [MASTER],
      action: async (args, flags) => (await load()).create(args, flags),
    },
    {
      usage: 'set <name> <settings...>',
      description:
        'change settings: replicas, quota, policy, originBandwidth, region and pathStyle at once; blockSize, endpoint and credentials from the next version on',
      example: 'larder dataset set imagenet replicas=2',
      options: [MASTER],
      action: async (args, flags) => (await load()).set(args, flags),
    },
    {
      usage: 'list',
      description: 'all datasets',
      example: 'larder dataset list --json',
      options: [MASTER],
      action: async (args, flags) => (await load()).list(args, flags),
    },
    {
      usage: 'show <name>',
      description: 'one dataset, its settings and its latest version',
      example: 'larder dataset show imagenet --skipped',
      options: [
        MASTER,
        new Option('--skipped', 'what the origin has and the version does not show, and why'),
        new Option('--limit <n>', 'with --skipped: how many are named (default: 1000)'),
      ],
      action: async (args, flags) => (await load()).show(args, flags),
    },
    {
      usage: 'refresh <name>',
      description: 'list the origin again; a new version where something changed',
      example: 'larder dataset refresh imagenet --preload --keep 6h',
      options: [MASTER, ...refreshOptions()],
      action: async (args, flags) => (await import('./commands/refresh.ts')).refresh(args, flags),
    },
    {
      usage: 'versions <name>',
      description: 'all versions of a dataset',
      example: 'larder dataset versions imagenet',
      options: [MASTER],
      action: async (args, flags) => (await load()).versions(args, flags),
    },
    {
      usage: 'delete <name>',
      description: 'delete a dataset, or one version of it (NAME@v3)',
      example: 'larder dataset delete imagenet@v2',
      options: [MASTER],
      action: async (args, flags) => (await load()).remove(args, flags),
    },
  ];
}
