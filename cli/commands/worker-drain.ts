/** `larder worker drain` and `forget`: workers that are to leave, or have left. */
import { EXIT, formatBytes, LarderError, systemClock } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type { ClusterStatus, Larder, WorkerInfo } from '../../sdk/index.ts';
import { createContext } from '../context.ts';
import { isSet, masterAddress } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { progressBar } from '../progress.ts';
import type { ProgressBar } from '../progress.ts';

const LOOK_MS = 500;

export async function drain([worker = '']: string[], flags: Flags): Promise<number> {
  const { output, environment, signal } = createContext({
    json: isSet(flags, 'json'),
    role: 'cli',
  });
  await using larder = connect({ master: masterAddress(flags, environment), client: 'cli' });
  const cancel = isSet(flags, 'cancel');
  const ids = await larder.drainWorker(worker, { cancel });
  if (cancel) {
    output.result({ workerIds: ids, state: 'active' }, `${list(ids)}: no longer leaving.`);
    return EXIT.ok;
  }
  if (!isSet(flags, 'wait')) {
    const text = `${list(ids)}: leaving. \`larder status\` shows what others do not have yet.`;
    output.result({ workerIds: ids, state: 'leaving' }, text);
    return EXIT.ok;
  }
  const bar = progressBar(output, environment, 'Last copies left', 'bytes');
  try {
    await untilDrained(larder, ids, {
      bar,
      stallMs: environment.settings.drainStall,
      signal,
    });
  } finally {
    bar.stop();
  }
  const text = `${list(ids)}: drained. Nothing is there alone; it may be stopped.`;
  output.result({ workerIds: ids, state: 'drained' }, text);
  return EXIT.ok;
}

export async function forget([worker = '']: string[], flags: Flags): Promise<number> {
  const { output, environment } = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  await using larder = connect({ master: masterAddress(flags, environment), client: 'cli' });
  const ids = await larder.forgetWorker(worker);
  output.result({ workerIds: ids }, `${list(ids)}: no member any more.`);
  return EXIT.ok;
}

interface WaitOptions {
  readonly bar: ProgressBar;
  /** Without room for the rest, and without progress for so long, waiting is of no use. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/**
 * @throws {LarderError} `NO_ROOM_ELSEWHERE`; `UNAVAILABLE` where one went away with last copies;
 *   `CANCELLED`
 */
async function untilDrained(
  larder: Larder,
  ids: readonly string[],
  { bar, stallMs, signal }: WaitOptions,
): Promise<void> {
  let mostBytes = 0;
  let leastBytes = Infinity;
  let progressMs = systemClock.monotonicMs();
  for (;;) {
    const status = await larder.status();
    const leaving = ids.map((id) => findLeaving(status, id));
    if (leaving.every(({ drained }) => drained)) return;
    const nowMs = systemClock.monotonicMs();
    const leftBytes = leaving.reduce((sum, { lastCopyBytes }) => sum + lastCopyBytes, 0);
    mostBytes = Math.max(mostBytes, leftBytes);
    bar.update(leftBytes, mostBytes);
    if (leftBytes < leastBytes) {
      leastBytes = leftBytes;
      progressMs = nowMs;
    }
    const roomBytes = roomElsewhere(status);
    if (leftBytes > roomBytes && nowMs - progressMs >= stallMs) {
      const facts = { left: formatBytes(leftBytes), roomElsewhere: formatBytes(roomBytes) };
      throw new LarderError('NO_ROOM_ELSEWHERE', { workers: list(ids), ...facts });
    }
    await systemClock.sleep(LOOK_MS, signal).catch(() => {
      throw new LarderError('CANCELLED', { still: 'leaving', left: formatBytes(leftBytes) });
    });
  }
}

function findLeaving(status: ClusterStatus, id: string): WorkerInfo {
  const worker = status.workers.find(({ workerId }) => workerId === id);
  if (worker?.alive === true) return worker;
  const what = 'it went away before others had all that it holds';
  throw new LarderError('UNAVAILABLE', { worker: id, node: worker?.node, what });
}

/** Of the active workers: what is free. A full one may still take more, and drop what it keeps least. */
function roomElsewhere({ workers }: ClusterStatus): number {
  return workers
    .filter(({ state }) => state === 'active')
    .reduce((sum, { capacityBytes, usedBytes }) => sum + Math.max(0, capacityBytes - usedBytes), 0);
}

function list(ids: readonly string[]): string {
  return ids.join(', ');
}
