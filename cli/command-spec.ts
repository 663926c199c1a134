/** What the command line is told of one command. */
import { Option } from 'commander';
import type { Flags } from './flags.ts';

export interface CommandSpec {
  readonly usage: string;
  readonly description: string;
  readonly example: string;
  readonly options?: readonly Option[];
  /** Runs whatever is in the configuration file. */
  readonly settings?: 'unread';
  readonly action: (args: string[], flags: Flags) => Promise<number>;
}

export const MASTER = new Option(
  '--master <host:port>',
  'the master (default: the one that runs here, or 127.0.0.1:7400)',
);

export const METRICS_LISTEN = new Option(
  '--metrics-listen <host:port>',
  'where Prometheus may ask for metrics (default: nowhere)',
);
