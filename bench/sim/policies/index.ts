/** The policies by name, ours first. */
import { Belady } from './belady.ts';
import { FollowWindow } from './follow-window.ts';
import { Larder } from './larder.ts';
import { Lru } from './lru.ts';
import { NeverEvict } from './never-evict.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';
import { S3Fifo } from './s3-fifo.ts';
import { Sieve } from './sieve.ts';

export type { CachePolicy, PolicyOptions } from './policy.ts';

/** Which plans a policy is told: those of the epochs that jobs are in, or the ones after as well. */
export type Known = 'nothing' | 'current epoch' | 'next epochs';

export interface PolicySpec {
  readonly known: Known;
  /** Reads of a job from one position that it tells to the next; default 1. */
  readonly tellEvery?: number;
  readonly make: (options: PolicyOptions) => CachePolicy;
}

export const POLICIES = {
  larder: { known: 'nothing', make: (options) => new Larder(options, false) },
  'larder-plans': {
    known: 'next epochs',
    tellEvery: 50,
    make: (options) => new Larder(options, true),
  },
  lru: { known: 'nothing', make: (options) => new Lru(options) },
  sieve: { known: 'nothing', make: (options) => new Sieve(options) },
  's3-fifo': { known: 'nothing', make: (options) => new S3Fifo(options) },
  'never-evict': { known: 'nothing', make: (options) => new NeverEvict(options) },
  'follow-window': { known: 'nothing', make: (options) => new FollowWindow(options) },
  belady: { known: 'next epochs', make: (options) => new Belady(options) },
  'belady-current': { known: 'current epoch', make: (options) => new Belady(options) },
} as const satisfies Record<string, PolicySpec>;

export type PolicyName = keyof typeof POLICIES;
