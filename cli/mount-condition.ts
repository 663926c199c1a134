/** How a mount is served, as its holder writes it down and as people are told. */
import { systemClock } from '../common/index.ts';
import type { MountCondition } from '../fuse-client/index.ts';
import type { ConditionRecord, MountRecord } from './instances.ts';

/** For the record of a mount. */
export function conditionRecord(condition: MountCondition): Pick<MountRecord, 'condition'> {
  if (condition.state === 'serving') return { condition: undefined };
  const { state, failures, nextTryInMs, readsFailInMs, lastError } = condition;
  const nowMs = systemClock.wallMs();
  return {
    condition: {
      state,
      failures,
      nextTryAtMs: Math.round(nowMs + nextTryInMs),
      readsFailAtMs: Math.round(nowMs + readsFailInMs),
      lastError,
    },
  };
}

/** What `status --json` shows. */
export function shownCondition(record: ConditionRecord | undefined): MountCondition {
  if (record === undefined) return { state: 'serving' };
  const { state, failures, nextTryAtMs, readsFailAtMs, lastError } = record;
  const nowMs = systemClock.wallMs();
  return {
    state,
    failures,
    nextTryInMs: Math.max(0, nextTryAtMs - nowMs),
    readsFailInMs: Math.max(0, readsFailAtMs - nowMs),
    lastError,
  };
}

/** Undefined where there is nothing to say. */
export function describeCondition(condition: MountCondition): string | undefined {
  if (condition.state === 'serving') return undefined;
  const { state, failures, nextTryInMs, readsFailInMs, lastError } = condition;
  const failed = `server failed ${failures === 1 ? 'once' : `${String(failures)} times`}`;
  const last = `the last with: ${lastError}`;
  const next = `next try in ${seconds(nextTryInMs)}`;
  switch (state) {
    case 'restarted':
      return `restarted: ${failed}, ${last}`;
    case 'waiting':
      return `waiting: ${failed}, ${next}, reads fail in ${seconds(readsFailInMs)}; ${last}`;
    case 'failing':
      return `failing: ${failed}, reads fail with EIO, ${next}; ${last}`;
  }
}

function seconds(ms: number): string {
  return `${String(Math.ceil(ms / 1_000))} s`;
}
