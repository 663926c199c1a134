/** `larder preload`, `larder preloads …` and `larder release`: their flags and help. */
import { Option } from 'commander';
import { MASTER } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';

const DETACH = new Option('--detach', 'return when it runs: it goes on by itself');

/** Of `larder dataset refresh`. */
export function refreshOptions(): Option[] {
  return [
    new Option(
      '--preload',
      'then bring what is new or has changed to the workers; exit codes as of `preload`',
    ),
    new Option('--keep <time>', 'with --preload: as of `larder preload`'),
    new Option('--detach', 'with --preload: return when it runs'),
  ];
}

export function preloadCommand(): CommandSpec {
  return {
    usage: 'preload <dataset> [paths...]',
    description:
      "bring a dataset, or some of its paths, to the workers' disks; paths may be patterns " +
      '(*, ?, [a-z], ** for any number of directories: quote them); ' +
      'exit code 0: all of it is held, 8: some could not be had, 3: nothing but paths that are not there could not',
    example: "larder preload imagenet@v3 'train/n01*' --keep 6h",
    options: [
      MASTER,
      new Option(
        '-f, --files <file>',
        'a path on each line, or - for the standard input; those that are not there are named at the end',
      ),
      new Option('--budget <size>', 'files in order, up to the first that does not fit'),
      new Option('--priority <n>', 'the higher goes first: -100 to 100').default('0'),
      new Option('--bandwidth <rate>', 'a second, over all workers: 500MB/s'),
      new Option('--deadline <time>', 'from now; what is missing then has failed'),
      new Option(
        '--keep <time>',
        'protect from eviction what it loads, for so long after its end, or forever: until `larder release`',
      ),
      new Option(
        '--replicas <n>',
        'copies that are to be there, each on a worker of its own, or all: on every worker',
      ),
      new Option(
        '--on <nodes...>',
        'nodes that are to hold it: one copy among them, unless --replicas says more',
      ),
      new Option(
        '--verify',
        'read what is held and compare it with its checksums; what is wrong is fetched again',
      ),
      new Option('--dry-run', 'say what it would take, and start nothing'),
      DETACH,
    ],
    action: async (args, flags) => (await import('./commands/preload.ts')).preload(args, flags),
  };
}

export function releaseCommand(): CommandSpec {
  return {
    usage: 'release <id>',
    description: 'let be evicted what a preload with --keep has loaded',
    example: 'larder release 7',
    options: [MASTER],
    action: async (args, flags) => (await import('./commands/preloads.ts')).release(args, flags),
  };
}

export function preloadsCommands(): CommandSpec[] {
  const load = () => import('./commands/preloads.ts');
  return [
    {
      usage: 'list',
      description: 'those that run, those whose files are kept, and the last hundred that ended',
      example: 'larder preloads list --json',
      options: [MASTER],
      action: async (_, flags) => (await load()).list(flags),
    },
    {
      usage: 'show <id>',
      description: 'one preload, and what failed of it',
      example: 'larder preloads show 7',
      options: [MASTER],
      action: async (args, flags) => (await load()).show(args, flags),
    },
    {
      usage: 'watch <id>',
      description: 'follow a preload to its end; exit codes as of `larder preload`',
      example: 'larder preloads watch 7',
      options: [MASTER],
      action: async (args, flags) => (await load()).watch(args, flags),
    },
    {
      usage: 'cancel <id>',
      description: 'stop a preload; what it has loaded stays until it is evicted',
      example: 'larder preloads cancel 7',
      options: [MASTER],
      action: async (args, flags) => (await load()).cancel(args, flags),
    },
    {
      usage: 'retry <id>',
      description: 'a new preload of what one that has ended could not get',
      example: 'larder preloads retry 7',
      options: [MASTER, DETACH],
      action: async (args, flags) => (await load()).retry(args, flags),
    },
  ];
}
