/** `larder master` and `larder worker`: their flags and help. */
import { Option } from 'commander';
import { MASTER, METRICS_LISTEN } from './command-spec.ts';
import type { CommandSpec } from './command-spec.ts';

export function processCommands(): CommandSpec[] {
  return [
    {
      usage: 'master',
      description: 'run a master: datasets, versions, membership, placement',
      example: 'larder master --listen 127.0.0.1:7400 --data-dir /var/lib/larder',
      options: [
        new Option('--listen <host:port>', 'where to listen (default: 127.0.0.1:7400)'),
        new Option(
          '--data-dir <dir>',
          'where the catalog and the manifests are kept (default: /var/lib/larder or below ~/.cache/larder)',
        ),
        new Option('--http-listen <host:port>', 'HTTP API (default: none)'),
        METRICS_LISTEN,
        new Option('--insecure', 'listen beyond loopback without authentication'),
      ],
      action: async (args, flags) => (await import('./commands/master.ts')).master(args, flags),
    },
    {
      usage: 'worker',
      description: 'run a worker: keep blocks on this node, serve them to readers',
      example: 'larder worker --master 127.0.0.1:7400 --cache-dir /nvme/larder --cache-size 2TiB',
      options: [
        MASTER,
        new Option(
          '--cache-dir <dir>',
          'where blocks are kept, once for each disk (default: below /var/cache/larder or ~/.cache/larder)',
        ).argParser(gather),
        new Option(
          '--cache-size <size>',
          'how much of each disk may be used, once for all or once for each (default: 80 % of what is free)',
        ).argParser(gather),
        new Option('--listen <host:port>', 'data plane for other nodes (default: 127.0.0.1:0)'),
        new Option(
          '--socket <path>',
          'data plane for this node (default: worker.sock in the runtime directory)',
        ),
        new Option(
          '--socket-mode <octal>',
          'who may connect to the socket, and read every dataset: 0600, 0660 or 0666',
        ).default('0600'),
        METRICS_LISTEN,
        new Option('--insecure', 'listen beyond loopback without authentication'),
      ],
      action: async (args, flags) => (await import('./commands/worker.ts')).worker(args, flags),
    },
  ];
}

/** Of an option that may be repeated. */
export function gather(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
