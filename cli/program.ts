/**
 * The commands, their flags and their help: the whole command line in one table-like file. What a
 * command does stands in `commands/`, loaded when it is used.
 */
import { Command, CommanderError, Option } from 'commander';
import { asLarderError, EXIT, LarderError } from '../common/index.ts';
import { reportFailed } from './children.ts';
import { MASTER } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';
import { datasetCommands } from './dataset-commands.ts';
import type { Flags } from './flags.ts';
import { printError } from './output.ts';
import { packageVersion } from './package-version.ts';
import { planCommand, plansCommands } from './plan-commands.ts';
import { preloadCommand, preloadsCommands, releaseCommand } from './preload-commands.ts';
import { predictCommand } from './predict-command.ts';
import { nodesCommands } from './node-commands.ts';
import { gather, processCommands } from './process-commands.ts';
import { spaceCommands } from './space-commands.ts';
import { workerCommands } from './worker-commands.ts';

const CONFIG_FLAG = new Option('--config <file>', 'configuration file, or none');
const JSON_FLAG = new Option('--json', 'machine-readable output');

/** @returns the exit code */
export async function run(argv: readonly string[]): Promise<number> {
  let result: number = EXIT.ok;
  const json = argv.includes('--json');
  const program = buildProgram(json, (code) => {
    result = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return result;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      if (json) printError(new LarderError('INVALID_ARGUMENT', { what: error.message }), json);
      return EXIT.usage;
    }
    const exitCode = printError(error, json);
    reportFailed(asLarderError(error));
    return exitCode;
  }
}

function buildProgram(json: boolean, done: (exitCode: number) => void): Command {
  const program = new Command('larder')
    .description('Keeps training datasets on the NVMe of the nodes that train.')
    .version(packageVersion())
    .showHelpAfterError('(see --help)')
    // `worker` has options of its own: those after a command below it belong to that.
    .enablePositionalOptions()
    .exitOverride();
  if (json) program.configureOutput({ writeErr: () => undefined });
  const add = (parent: Command, spec: CommandSpec): void => {
    const command = parent.command(spec.usage).description(spec.description);
    for (const option of [...(spec.options ?? []), CONFIG_FLAG, JSON_FLAG])
      command.addOption(option);
    command.addHelpText('after', `\nExample:\n  ${spec.example}`);
    command.exitOverride();
    command.action(async () => {
      const positional = command.processedArgs
        .flat()
        .filter((value) => value !== undefined)
        .map(String);
      const flags = command.opts<Flags>();
      if (spec.settings !== 'unread') {
        const { loadSettings } = await import('./config/load.ts');
        await loadSettings({ command: command.name(), flags });
      }
      done(await spec.action(positional, flags));
    });
  };
  for (const spec of processCommands()) add(program, spec);
  const worker = program.commands.find((command) => command.name() === 'worker') ?? program;
  for (const spec of workerCommands()) add(worker, spec);
  for (const spec of mountCommands()) add(program, spec);
  const dataset = program.command('dataset').description('make, list, refresh and delete datasets');
  dataset.exitOverride();
  for (const spec of datasetCommands()) add(dataset, spec);
  for (const spec of useCommands()) add(program, spec);
  const plans = program.command('plans').description('the plans of the jobs that run');
  plans.exitOverride();
  for (const spec of plansCommands()) add(plans, spec);
  const preloads = program
    .command('preloads')
    .description('list, watch, cancel and retry what `preload` has started');
  preloads.exitOverride();
  for (const spec of preloadsCommands()) add(preloads, spec);
  const nodes = program.command('nodes').description('choose nodes by what they hold');
  nodes.exitOverride();
  for (const spec of nodesCommands()) add(nodes, spec);
  const config = program.command('config').description('show, check and re-read the configuration');
  config.exitOverride();
  for (const spec of configCommands()) add(config, spec);
  for (const spec of installCommands()) add(program, spec);
  return program;
}

function mountOptions(): Option[] {
  return [
    new Option(
      '--open-mode <mode>',
      'who reads: the kernel complete files by itself (passthrough), the server (daemon), or the server ' +
        "through a page cache that needs no open (none); auto goes by the files' sizes",
    )
      .choices(['auto', 'none', 'passthrough', 'daemon'])
      .default('auto'),
    new Option(
      '--integrity <mode>',
      'strict: every byte comes from a worker, which checks it; no file of the cache is read directly',
    )
      .choices(['standard', 'strict'])
      .default('standard'),
    new Option('--driver <driver>', 'how to speak to the kernel')
      .choices(['kernel', 'fuse-native'])
      .default('kernel'),
    new Option('--allow-other', 'let other users read a mount that you make without being root'),
    new Option(
      '--recovery <how>',
      "who keeps a killed server's requests; slots: Larder, as on kernels below 6.9",
    )
      .choices(['auto', 'slots'])
      .default('auto'),
    new Option('--detach', 'return when the mount answers'),
  ];
}

/** The options of `larder mount` that take a value, and the values where only some are allowed. */
export function valuesOfMountOptions(): ReadonlyMap<string, readonly string[] | undefined> {
  const mount = mountCommands().find(({ usage }) => usage.startsWith('mount '));
  const withValue = (mount?.options ?? []).filter(({ required }) => required);
  return new Map(withValue.map((option) => [option.name(), option.argChoices]));
}

function mountCommands(): CommandSpec[] {
  return [
    {
      usage: 'up <origin> <mountpoint>',
      description: 'master, worker and mount in one command, for one machine or a first try',
      example: 'larder up s3://my-bucket/imagenet /mnt/imagenet --cache-size 200GiB --detach',
      options: [
        new Option(
          '--cache-dir <dir>',
          'where blocks are kept (default: below /var/cache/larder or ~/.cache/larder)',
        ),
        new Option(
          '--cache-size <size>',
          'how much of the disk may be used (default: 80 % of what is free)',
        ),
        new Option('--name <name>', "the dataset's name (default: made from the origin)"),
        new Option('--endpoint <url>', 'of an S3 service other than AWS'),
        ...mountOptions(),
      ],
      action: async (args, flags) => (await import('./commands/up.ts')).up(args, flags),
    },
    {
      usage: 'down <mountpoint>',
      description: 'stop what `up` started for a mount point',
      example: 'larder down /mnt/imagenet',
      action: async (args, flags) => (await import('./commands/down.ts')).down(args, flags),
    },
    {
      usage: 'mount <dataset> <mountpoint>',
      description: 'show one version of a dataset (NAME or NAME@v3) as files',
      example:
        'larder mount imagenet@v3 /mnt/imagenet --worker-socket /run/larder/worker.sock --detach',
      options: [
        MASTER,
        new Option('--worker-socket <path>', 'Unix socket of the worker on this node'),
        ...mountOptions(),
      ],
      action: async (args, flags) => (await import('./commands/mount.ts')).mount(args, flags),
    },
    {
      usage: 'umount <mountpoint>',
      description: 'end a mount',
      example: 'larder umount /mnt/imagenet',
      options: [new Option('--if-mounted', 'nothing to end is no failure')],
      action: async (args, flags) => (await import('./commands/down.ts')).umount(args, flags),
    },
    {
      usage: 'upgrade [mountpoint]',
      description: 'have this installation take over a mount that is in use, unseen by its readers',
      example: 'larder upgrade /mnt/imagenet',
      options: [new Option('--all', 'every mount of this user on this machine')],
      action: async (args, flags) => (await import('./commands/upgrade.ts')).upgrade(args, flags),
    },
  ];
}

function useCommands(): CommandSpec[] {
  return [
    preloadCommand(),
    releaseCommand(),
    ...spaceCommands(),
    {
      usage: 'audit <dataset>',
      description:
        "compare the workers' disks, the manifest and what the master believes; " +
        'exit code 0: the same, 9: differences, 8: some worker did not answer',
      example: 'larder audit imagenet@v3 --checksums --complete',
      options: [
        MASTER,
        new Option('--checksums', 'read all that is held, and compare it with its checksums'),
        new Option('--complete', 'a file that is not held in whole is a difference'),
        new Option('--limit <n>', 'of one kind and worker: how many are named (default: 100)'),
      ],
      action: async (args, flags) => (await import('./commands/audit.ts')).audit(args, flags),
    },
    planCommand(),
    predictCommand(),
    {
      usage: 'status',
      description: 'what runs, what is mounted, what is held, what the origin was asked for',
      example: 'larder status --json',
      options: [
        new Option('--master <host:port>', 'one cluster (default: all of Larder on this machine)'),
      ],
      action: async (args, flags) => (await import('./commands/status.ts')).status(args, flags),
    },
    {
      usage: 'doctor [origin]',
      description:
        'look for what is wrong here: kernel, mounts, cache, master, worker, clock, an origin; ' +
        'exit code 0: nothing, 8: warnings, 1: problems',
      example: 'larder doctor s3://my-bucket/imagenet --cache-dir /nvme/larder',
      options: [
        new Option('--master <host:port>', 'the master (default: those that this machine uses)'),
        new Option(
          '--cache-dir <dir>',
          'a cache directory, may be repeated (default: those that are used here)',
        ).argParser(gather),
        new Option('--worker-socket <path>', 'socket of a worker (default: those that run here)'),
        new Option('--endpoint <url>', 'of an S3 service other than AWS'),
        new Option('--fix', 'detach stale mounts, remove records of processes that are gone'),
        new Option('--bundle <file>', 'write a support archive (.tar.gz) without secrets'),
      ],
      action: async (args, flags) => (await import('./commands/doctor.ts')).doctor(args, flags),
    },
  ];
}

function configCommands(): CommandSpec[] {
  const load = () => import('./commands/config.ts');
  return [
    {
      usage: 'show',
      description: 'every setting: its value, and where the value came from',
      example: 'larder config show --config /etc/larder/larder.yaml',
      options: [MASTER],
      action: async (_, flags) => (await load()).show(flags),
    },
    {
      usage: 'check <file>',
      description: 'check a configuration file: all that is wrong, with line numbers',
      example: 'larder config check /etc/larder/larder.yaml',
      settings: 'unread',
      action: async (args, flags) => (await load()).check(args, flags),
    },
    {
      usage: 'reload',
      description: 'have the processes of this machine read their configuration again',
      example: 'larder config reload',
      action: async (_, flags) => (await load()).reload(flags),
    },
  ];
}

function installCommands(): CommandSpec[] {
  const load = () => import('./commands/install.ts');
  const options = () => [
    new Option('--root <dir>', 'the root of another system, such as an image (default: /)'),
    new Option('--dry-run', 'say what would be done'),
    new Option('--force', 'replace, or remove, files that were edited'),
  ];
  return [
    {
      usage: 'install',
      description: 'systemd units, mount.larder for fstab, and first settings in /etc/larder',
      example: 'larder install --dry-run',
      options: options(),
      action: async (args, flags) => (await load()).install(args, flags),
    },
    {
      usage: 'uninstall',
      description: 'remove what `install` wrote, except settings that were edited',
      example: 'larder uninstall',
      options: options(),
      action: async (args, flags) => (await load()).uninstall(args, flags),
    },
  ];
}
