/** How one try of a request failed, and what may be done about it. Never leaves this folder. */
import type { LarderError } from '../../common/index.ts';

/**
 * - `fail`: final
 * - `again`: another try may do
 * - `unreachable`: nobody was there; fewer tries
 * - `throttled`: the whole origin slows down, then again
 * - `credentials`: once with fresh credentials
 * - `region`: once at the bucket's region
 */
export type AfterFailure =
  'fail' | 'again' | 'unreachable' | 'throttled' | 'credentials' | 'region';

export interface TryFailedOptions {
  readonly retryAfterMs?: number | undefined;
  /** Where the bucket is, if the origin said so. */
  readonly region?: string | undefined;
}

export class TryFailed extends Error {
  /** What the caller is told if this was the last try. */
  readonly error: LarderError;
  readonly then: AfterFailure;
  readonly retryAfterMs: number | undefined;
  readonly region: string | undefined;

  constructor(then: AfterFailure, error: LarderError, options: TryFailedOptions = {}) {
    super(error.message);
    this.then = then;
    this.error = error;
    this.retryAfterMs = options.retryAfterMs;
    this.region = options.region;
  }
}
