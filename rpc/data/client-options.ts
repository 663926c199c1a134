/** What a connection of a reader, and each of its requests, is told. */
import type { Clock } from '../../common/index.ts';

export interface DataClientOptions {
  readonly clock: Clock;
  /** Who asks, for the worker's log. */
  readonly client: string;
  /** The worker on this node, where there is one. */
  readonly worker?: string | undefined;
  readonly connectTimeoutMs: number;
  /**
   * A worker that says nothing for so long while it is asked, not even that it is there, hangs: the
   * connection ends. Default: it is waited for until each request's own deadline.
   */
  readonly silenceMs?: number;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}
