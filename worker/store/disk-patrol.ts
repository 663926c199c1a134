/** Looks at a disk now and then: where mounts read its files by themselves, nothing else tells that it fails. */
import type { Clock } from '../../common/index.ts';
import type { DiskHealth } from './disk-health.ts';
import type { DiskReaders } from './disk-readers.ts';

export interface PatrolOptions {
  /** A file that is there. */
  readonly path: string;
  readonly readers: DiskReaders;
  readonly health: DiskHealth;
  readonly clock: Clock;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** Resolves when the signal is aborted. */
export async function patrol(options: PatrolOptions): Promise<void> {
  const { path, readers, health, clock, everyMs, signal } = options;
  for (;;) {
    await clock.sleep(everyMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    await readers.look(path).catch((error: unknown) => {
      health.count(error);
    });
  }
}
