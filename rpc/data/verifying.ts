/** Reads of files that the kernel sends, and nobody has looked at: damaged bytes are asked for once more. */
import { hasCode } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import type { RequestOptions } from './client-options.ts';

/**
 * Right bytes may be had from the same worker, once it knows that its copy is in doubt.
 *
 * @param ask is given undefined at first, and what is left of the time for the second try
 */
export async function verifying<T>(
  how: {
    readonly clock: Clock;
    readonly options: RequestOptions;
    readonly isClosed: () => boolean;
  },
  ask: (again: RequestOptions | undefined) => Promise<T>,
): Promise<T> {
  const { clock, options, isClosed } = how;
  const startMs = clock.monotonicMs();
  try {
    return await ask(undefined);
  } catch (error) {
    if (!hasCode(error, 'CHECKSUM_MISMATCH') || isClosed()) throw error;
    const timeoutMs = options.timeoutMs - (clock.monotonicMs() - startMs);
    if (timeoutMs <= 0) throw error;
    return await ask({ ...options, timeoutMs });
  }
}
