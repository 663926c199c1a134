/** What a holder says of its mount: how it is served, what happens to it, and how it ended. */
import type { Clock, LarderError } from '../common/index.ts';
import type { MountUser } from './mount.ts';
import type { ModeDecision, OpenCounts } from './open-modes.ts';

/**
 * How a mount is served.
 * - serving: by a server that has lasted, or by the first
 * - restarted: by one that has yet to last
 * - waiting: by none; the next one is started in a while, and readers wait
 * - failing: by none; the next one is started in a while, and reads fail with EIO
 */
export type MountCondition =
  | { readonly state: 'serving' }
  | {
      readonly state: 'restarted' | 'waiting' | 'failing';
      /** Servers in a row that did not last. */
      readonly failures: number;
      readonly nextTryInMs: number;
      /** 0 where they do. */
      readonly readsFailInMs: number;
      /** Of the last server that was lost. */
      readonly lastError: string;
    };

export type MountEvent =
  | { readonly kind: 'mounted' }
  | { readonly kind: 'took-over'; readonly serverPid: number }
  | { readonly kind: 'server-started'; readonly pid: number; readonly count: number }
  | { readonly kind: 'server-lost'; readonly pid: number; readonly why: 'died' | 'silent' }
  /** The mount answers. */
  | { readonly kind: 'serving' }
  | { readonly kind: 'condition'; readonly condition: MountCondition }
  | { readonly kind: 'manifest'; readonly percent: number }
  /** How files are opened, and how many were so far; once a second while that changes. */
  | { readonly kind: 'opens'; readonly decision: ModeDecision; readonly counts: OpenCounts }
  | { readonly kind: 'busy'; readonly users: readonly MountUser[] };

/** How a mount ended. */
export type MountEnd =
  | { readonly kind: 'unmounted' }
  /** The first server could not connect. */
  | { readonly kind: 'failed'; readonly error: LarderError }
  | { readonly kind: 'gave-up' }
  /** For this holder: another one has the mount. */
  | { readonly kind: 'handed-over' };

/** Starts the holder of another installation; resolves with why that failed, and else not at all. */
export type HandOver = (command: readonly string[]) => Promise<LarderError>;

export interface HoldOptions {
  /** Unmounts. Default: never; a holder that is to obey signals passes its own. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly report?: (event: MountEvent) => void;
  /** This process was started by `HandOver`. */
  readonly upgrades?: boolean;
  /** Called once, before anything else: how the caller asks for an upgrade. */
  readonly onHandOver?: (handOver: HandOver) => void;
}
