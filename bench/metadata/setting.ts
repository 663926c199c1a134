/** What the parts of the benchmark share. */
import type { Cluster } from '../cluster.ts';
import type { Origin } from './origin.ts';

export interface Setting {
  readonly cluster: Cluster;
  readonly origin: Origin;
  readonly keys: number;
  /** Of create and refresh. */
  readonly rounds: number;
}
