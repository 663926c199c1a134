/** What the processes of a mount are given, as a file. */
import type { UsedSettings } from './environment.ts';
import type { MountFlags } from './flags.ts';

/** Written by `mount`, `up` and `upgrade` for the processes that they start. */
export interface MountProcessSpec {
  readonly mountpoint: string;
  readonly dataset: string;
  readonly version: number;
  readonly master: string;
  readonly workerSocket?: string;
  readonly stateDirectory: string;
  readonly group: string;
  readonly how: MountFlags;
  readonly host: string;
  readonly logLevel: string;
  readonly readTimeoutMs: number;
  readonly hungAfterMs: number;
  /** Not in what releases before this setting have written. */
  readonly peerTimeoutMs?: number;
  readonly peerRestMs?: number;
  readonly readsFailAfterMs: number;
  /** What the command that mounted was told: reading it again starts from there. */
  readonly configuration: UsedSettings;
  readonly holderCommand: readonly string[];
  readonly serverCommand: readonly string[];
}
