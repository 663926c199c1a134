/** What a row of `npm run bench -- cluster` is: one target of a cluster, measured on hosts of its own. */
import type { Saying, TargetRow } from '../target-rows.ts';

export interface ClusterOptions extends Saying {
  /** Of the file that everybody wants. */
  readonly fileBytes: number;
  /** Megabits per second of each link, where links are limited. */
  readonly linkMbit: number;
  /** How long a stream is measured. */
  readonly streamSeconds: number;
  /** How long the master is away. */
  readonly awaySeconds: number;
}

export type ClusterRow = TargetRow<Omit<ClusterOptions, 'say'>>;
