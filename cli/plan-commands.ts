/** `larder plan` and the commands below `larder plans`: flags and help. */
import { Option } from 'commander';
import { SAMPLER_NAMES } from '../common/samplers/index.ts';
import { MASTER } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';

export function planCommand(): CommandSpec {
  return {
    usage: 'plan <dataset>',
    description:
      'tell in which order a job will read a dataset, known from its sampler, so that files are fetched ahead of it; ' +
      'a wrong plan costs performance only',
    example:
      'larder plan imagenet@v3 --sampler torch-distributed --seed 0 --epochs 90 --world 64 --files image-folder --root train',
    options: [
      MASTER,
      new Option('--plan <file>', 'the plan as JSON, - for stdin, in the place of the flags below'),
      new Option(
        '--sampler <name>',
        'PyTorch DistributedSampler, in the order of paths, or WebDataset SimpleShardList',
      ).choices(SAMPLER_NAMES.filter((name) => name !== 'list')),
      new Option('--job <name>', 'names the job; another plan of the same name replaces this one'),
      new Option('--seed <n>', "the sampler's seed (default: 0)"),
      new Option('--epochs <n>', 'how many epochs (default: 1)'),
      new Option('--first-epoch <n>', 'where a job goes on (default: 0)'),
      new Option('--world <n>', 'ranks (default: 1)'),
      new Option('--no-shuffle', 'the sampler does not shuffle'),
      new Option('--drop-last', 'the sampler drops what does not fill every rank'),
      new Option(
        '--files <rule>',
        "which file an index is: torchvision's ImageFolder, or all in the order of their paths (default: sorted)",
      ).choices(['image-folder', 'sorted']),
      new Option('--root <path>', "the directory of the files (default: the dataset's root)"),
      new Option('--list <file>', 'the files in the order of their indices, one path a line'),
      new Option('--keep <seconds>', 'it ends by itself after so long (default: 86400)'),
    ],
    action: async (args, flags) => (await import('./commands/plan.ts')).plan(args, flags),
  };
}

export function plansCommands(): CommandSpec[] {
  const load = () => import('./commands/plan.ts');
  return [
    {
      usage: 'list',
      description: 'each plan: where its job is, and whether it is followed',
      example: 'larder plans list --json',
      options: [MASTER],
      action: async (_, flags) => (await load()).list(flags),
    },
    {
      usage: 'end <job>',
      description: 'the job is over: forget its plan',
      example: 'larder plans end resnet',
      options: [MASTER],
      action: async (args, flags) => (await load()).end(args, flags),
    },
  ];
}
