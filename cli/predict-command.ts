/** `larder predict`: its flags and help. */
import { Option } from 'commander';
import { WORKLOADS } from '../common/forecast/index.ts';
import { MASTER } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';

export function predictCommand(): CommandSpec {
  return {
    usage: 'predict [dataset]',
    description:
      'what a cache will do for a dataset before a job starts: hit ratio, who serves the reads, bytes from the origin, ' +
      'epoch time, and what more cache would bring; of a dataset that does not exist yet with --size and --files',
    example:
      'larder predict imagenet --nodes 8 --cache 200GiB --compute 300 --origin-bandwidth 2GiB',
    options: [
      MASTER,
      new Option('--size <size>', 'of a dataset that does not exist yet'),
      new Option('--files <n>', 'how many files it has (default: as many as have 4 MiB each)'),
      new Option('--nodes <n>', 'workers (default: those of the cluster)'),
      new Option('--cache <size>', 'of each worker (default: as large as those of the cluster)'),
      new Option('--jobs <n>', 'that read the dataset at the same time').default('1'),
      new Option('--order <order>', 'a new order each epoch, the same, or the same part per node')
        .choices(['shuffled', 'repeated', 'partitioned'])
        .default('shuffled'),
      new Option('--plans', 'the orders of all jobs are known in advance'),
      new Option(
        '--replicas <n>',
        "copies of each object, or all (default: the dataset's setting)",
      ),
      new Option('--compute <seconds>', 'an epoch of one job takes where nothing waits'),
      new Option('--workload <name>', 'like one of MLPerf Storage, instead of --compute').choices(
        Object.keys(WORKLOADS),
      ),
      new Option('--accelerators <n>', 'with --workload (default: 8 for each node)'),
      new Option('--origin-bandwidth <size>', 'what the origin gives in a second, to all workers'),
    ],
    action: async (args, flags) => (await import('./commands/predict.ts')).predict(args, flags),
  };
}
