/**
 * Writes and reads a little of a disk now and then: where mounts read its files by themselves, or all of them lie in
 * the page cache, nothing else tells that it fails.
 */
import type { Clock } from '../../common/index.ts';
import type { DiskHealth } from './disk-health.ts';
import type { DiskReaders } from './disk-readers.ts';

export interface PatrolOptions {
  readonly directory: string;
  readonly readers: DiskReaders;
  readonly health: DiskHealth;
  readonly clock: Clock;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** Resolves when the signal is aborted. */
export async function patrol(options: PatrolOptions): Promise<void> {
  const { directory, readers, health, clock, everyMs, signal } = options;
  for (;;) {
    await clock.sleep(everyMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    await readers.probe(directory, false).catch((error: unknown) => {
      health.count(error);
    });
  }
}
