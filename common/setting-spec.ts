/** What one row of the list of settings says; see `config.ts`. */

export type SettingType =
  | 'size'
  | 'sizes'
  | 'duration'
  | 'count'
  | 'address'
  | 'path'
  | 'paths'
  | 'socket'
  | 'choice'
  | 'switch';

/** Processes, and `cli` for the commands that only ask. */
export type SettingUser = 'master' | 'worker' | 'mount' | 'up' | 'cli';

export interface SettingSpec {
  readonly type: SettingType;
  readonly variable: string;
  /** Long flags, without dashes, and the command that has each; `*` for all that have it. */
  readonly flags: Readonly<Record<string, string>>;
  /** A number in the setting's unit, or text; undefined where it depends on the machine. */
  readonly default?: number | string | boolean;
  /** Of a default that depends on the machine: what it is, in words. */
  readonly defaultText?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  readonly reason: string;
  readonly usedBy: readonly SettingUser[];
  /** Whether a process takes a new value while it runs. */
  readonly live: boolean;
}
