/** What a disk's store does besides, from its start on, and nobody waits for. */
import { systemClock } from '../../common/index.ts';
import type { Background } from './background.ts';
import { patrol } from './disk-patrol.ts';
import type { IntegrityChecks } from './integrity-checks.ts';
import type { ObjectIndex } from './object-index.ts';
import { DEFAULT_HUNG_AFTER_MS } from './options.ts';
import type { StoreParts } from './parts.ts';
import { sweepStrays } from './sweep.ts';

export interface Chores {
  readonly parts: Pick<StoreParts, 'options' | 'trust' | 'records' | 'threads' | 'health'>;
  readonly index: ObjectIndex;
  readonly checks: IntegrityChecks;
  /** Ends them. */
  readonly signal: AbortSignal;
}

export function startChores(
  { parts, index, checks, signal }: Chores,
  background: Background,
): void {
  const { options, trust, records, threads, health } = parts;
  const { directory, clock = systemClock, hungAfterMs = DEFAULT_HUNG_AFTER_MS } = options;
  background.run(
    sweepStrays({
      ...{ directory, signal },
      firstIncarnation: trust.firstIncarnation,
      find: (objectId) => index.find(objectId),
      check: (object) => checks.checkSoon(object),
    }),
  );
  background.run(records.warm());
  void patrol({
    ...{ directory: directory.path, health, clock, signal },
    readers: threads.readers,
    everyMs: hungAfterMs / 2,
  });
}
