/**
 * The one place where a request to an origin is tried again. Nothing below it retries, so tries do
 * not multiply.
 *
 * Pauses grow exponentially with full jitter. Fresh credentials and another region are tried once per
 * operation each, without a pause.
 *
 * Source: "Exponential Backoff and Jitter", AWS Architecture Blog (full jitter).
 */
import type { Clock, ErrorFacts, Random } from '../../common/index.ts';
import { LarderError } from '../../common/index.ts';
import type { Throttle } from './throttle.ts';
import { TryFailed } from './try-failed.ts';
import type { CompiledTuning } from './tuning.ts';

export interface Retrying {
  readonly clock: Clock;
  readonly random: Random;
  readonly tuning: CompiledTuning;
  readonly throttle: Throttle;
  readonly signal: AbortSignal;
  /** Gets fresh credentials, or goes to another region. False: there is nothing new to try. */
  repair(failure: TryFailed): Promise<boolean>;
  onRetry(failure: TryFailed, tries: number): void;
  /** The pace was cut. */
  onThrottled(perSecond: number): void;
}

/**
 * @throws {LarderError} that of the last try, with the number of tries
 * @throws the signal's reason
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: Retrying): Promise<T> {
  const { clock, tuning, throttle, signal } = options;
  const repaired = new Set<string>();
  let tries = 0;
  for (;;) {
    signal.throwIfAborted();
    const admitted = throttle.admit(signal);
    if (admitted !== undefined) await admitted;
    const sentAtMs = clock.monotonicMs();
    tries += 1;
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TryFailed)) throw error;
      signal.throwIfAborted();
      if (error.then === 'credentials' || error.then === 'region') {
        if (repaired.has(error.then) || !(await options.repair(error))) throw error.error;
        repaired.add(error.then);
        continue;
      }
      const pauseMs = pauseAfter(error, tries, options);
      if (error.then === 'throttled') slowDown(error, sentAtMs, options);
      if (error.then === 'fail' || tries >= maxTries(error, tuning)) throw lastError(error, tries);
      options.onRetry(error, tries);
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** All requests are held back for as long as the origin said; each then has its own jitter. */
function slowDown(failure: TryFailed, sentAtMs: number, options: Retrying): void {
  const { throttle, tuning } = options;
  const cut = throttle.refused(
    sentAtMs,
    Math.min(failure.retryAfterMs ?? 0, tuning.retryAfterCapMs),
  );
  if (cut) options.onThrottled(throttle.perSecond);
}

function maxTries(failure: TryFailed, tuning: CompiledTuning): number {
  return failure.then === 'unreachable' ? tuning.maxUnreachableTries : tuning.maxTries;
}

function pauseAfter(failure: TryFailed, tries: number, options: Retrying): number {
  const { tuning, random } = options;
  const capMs = Math.min(tuning.backoffCapMs, tuning.backoffBaseMs * 2 ** (tries - 1));
  const jitteredMs = random() * capMs;
  if (failure.retryAfterMs === undefined) return jitteredMs;
  return Math.min(failure.retryAfterMs, tuning.retryAfterCapMs) + jitteredMs;
}

function lastError(failure: TryFailed, tries: number): LarderError {
  if (tries === 1) return failure.error;
  const facts: ErrorFacts = { ...failure.error.facts, tries };
  return new LarderError(failure.error.code, facts, { cause: failure.error });
}
