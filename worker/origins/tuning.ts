/** Times and bounds of talking to an origin, with their defaults and why. */

/** All may be left out. */
export interface OriginTuning {
  /** TCP and TLS. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** From the request to the head of the answer. Default 20,000: S3 may think for seconds. */
  readonly headersTimeoutMs?: number;
  /** Without a byte, while a body is awaited. Default 20,000. */
  readonly bodyIdleTimeoutMs?: number;
  /** Connections to one endpoint. Default 32. */
  readonly maxConnections?: number;
  /** Tries of one read or one page in all. Default 10: with the back-off below about 15 to 30 s. */
  readonly maxTries?: number;
  /**
   * Tries that found nobody there. Default 4: an endpoint that does not exist should be an error
   * soon, one that is being restarted should not.
   */
  readonly maxUnreachableTries?: number;
  /** The first pause is random below this; it doubles with each try. Default 100. */
  readonly backoffBaseMs?: number;
  /** Default 10,000. */
  readonly backoffCapMs?: number;
  /** A longer Retry-After is cut to this. Default 60,000. */
  readonly retryAfterCapMs?: number;
  /** Keys asked for in one page. Default 1,000, the most that S3 gives. */
  readonly listPageKeys?: number;
  /**
   * Ranges of keys that are listed at once; 1: page by page. Default 16: from an origin that takes 100 ms
   * for a page, 1, 8 and 16 of them brought 7,300, 28,000 and 63,000 keys/s (100,000 keys, busy
   * machine).
   */
  readonly listers?: number;
}

export type CompiledTuning = Required<OriginTuning>;

export function compileTuning(tuning: OriginTuning): CompiledTuning {
  return {
    connectTimeoutMs: 5_000,
    headersTimeoutMs: 20_000,
    bodyIdleTimeoutMs: 20_000,
    maxConnections: 32,
    maxTries: 10,
    maxUnreachableTries: 4,
    backoffBaseMs: 100,
    backoffCapMs: 10_000,
    retryAfterCapMs: 60_000,
    listPageKeys: 1_000,
    listers: 16,
    ...tuning,
  };
}
