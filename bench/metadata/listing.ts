/**
 * `dataset create` and `dataset refresh`: keys per second by the clock of who waits for the command, and
 * what master, worker and origin used meanwhile.
 *
 * Each refresh is compared with the create before it. Leaves the datasets `flat` and `wide1` (2
 * versions) behind.
 */
import assert from 'node:assert';
import { median } from '../median.ts';
import { KeySpace } from './key-space.ts';
import type { Changes, Layout } from './key-space.ts';
import { cpuSecondsOf, memoryOf, resetPeak } from '../process-use.ts';
import { atLeast, atMost, atMostMib, mebibytes, told, whole } from './rows.ts';
import type { Row } from './rows.ts';
import type { Setting } from './setting.ts';

const MIN_KEYS_PER_SECOND = 50_000;
const MAX_MASTER_MIB = 400;
const MAX_REFRESH_RATIO = 1.3;

interface Built {
  readonly seconds: number;
  readonly cpu: Readonly<Record<'master' | 'worker' | 'origin', number>>;
  readonly masterPeakBytes: number;
  readonly workerPeakBytes: number;
  readonly changes: unknown;
}

export async function measureListing(setting: Setting): Promise<Row[]> {
  const { cluster, origin, keys } = setting;
  const master = await cluster.startMaster();
  const worker = await cluster.startWorker();
  const pids = { master: master.pid, worker: worker.pid, origin: origin.pid };
  const build = async (...args: string[]): Promise<Built> => {
    resetPeak(pids.master);
    resetPeak(pids.worker);
    const before = usedBy(pids);
    const { seconds, result } = await cluster.dataset(...args);
    const after = usedBy(pids);
    const cpu = {
      master: after.master - before.master,
      worker: after.worker - before.worker,
      origin: after.origin - before.origin,
    };
    return {
      seconds,
      cpu,
      masterPeakBytes: memoryOf(pids.master).peakBytes,
      workerPeakBytes: memoryOf(pids.worker).peakBytes,
      changes: (result as { changes: unknown }).changes,
    };
  };
  const create = (name: string, layout: Layout) =>
    build('create', name, `s3://${layout}`, `endpoint=${origin.endpoint}`);

  const flat = await create('flat', 'flat');
  const rounds: Round[] = [];
  for (let round = 1; round <= setting.rounds; round += 1) {
    const name = `wide${round}`;
    const created = await create(name, 'wide');
    await origin.set({ generation: 2 });
    rounds.push({ created, refreshed: await build('refresh', name) });
    await origin.set({ generation: 1 });
  }
  const created = inTheMiddle(rounds.map((round) => round.created));
  return [
    ...rowsOf('create, one directory', flat, keys),
    ...rowsOf('create, 1,000 per directory', created, keys),
    ...refreshRows(rounds, new KeySpace('wide', keys).changes, keys),
  ];
}

interface Round {
  readonly created: Built;
  readonly refreshed: Built;
}

function refreshRows(rounds: readonly Round[], expected: Changes, keys: number): Row[] {
  const refreshed = inTheMiddle(rounds.map((round) => round.refreshed));
  const ratio = (seconds: (built: Built) => number) =>
    median(rounds.map((round) => seconds(round.refreshed) / seconds(round.created)));
  const wrong = rounds.filter((round) => !isEqual(round.refreshed.changes, expected));
  return [
    atMost(
      'refresh, 1 % changes',
      MAX_REFRESH_RATIO,
      ratio(({ seconds }) => seconds),
      '× create',
    ),
    told('  the same of CPU time', `${ratio(cpuSum).toFixed(2)} × create`),
    atMostMib('  master, most RSS', MAX_MASTER_MIB, peak(rounds.map((round) => round.refreshed))),
    told('  CPU', cpuText(refreshed, keys)),
    {
      what: '  changes counted',
      target: changesText(expected),
      measured: wrong.length === 0 ? 'the same' : JSON.stringify(wrong[0]?.refreshed.changes),
      met: wrong.length === 0,
    },
  ];
}

function changesText({ added, removed, changed }: Changes): string {
  return `${whole(added)} new, ${whole(removed)} gone, ${whole(changed)} other`;
}

function inTheMiddle(builds: readonly Built[]): Built {
  const sorted = builds.toSorted((a, b) => a.seconds - b.seconds);
  const middle = sorted[sorted.length >> 1];
  assert(middle !== undefined, 'there is at least one round');
  return middle;
}

function peak(builds: readonly Built[]): number {
  return Math.max(...builds.map(({ masterPeakBytes }) => masterPeakBytes));
}

function cpuSum({ cpu }: Built): number {
  return cpu.master + cpu.worker + cpu.origin;
}

function rowsOf(what: string, built: Built, keys: number): Row[] {
  return [
    atLeast(what, MIN_KEYS_PER_SECOND, keys / built.seconds, 'keys/s'),
    atMostMib('  master, most RSS', MAX_MASTER_MIB, built.masterPeakBytes),
    told('  worker, most RSS', mebibytes(built.workerPeakBytes)),
    told('  CPU', cpuText(built, keys)),
  ];
}

/** In microseconds per key. */
function cpuText({ cpu }: Built, keys: number): string {
  const each = (seconds: number) => ((seconds * 1e6) / keys).toFixed(1);
  return `master ${each(cpu.master)}, worker ${each(cpu.worker)}, origin ${each(cpu.origin)} µs/key`;
}

function usedBy(pids: Readonly<Record<'master' | 'worker' | 'origin', number>>) {
  return {
    master: cpuSecondsOf(pids.master),
    worker: cpuSecondsOf(pids.worker),
    origin: cpuSecondsOf(pids.origin),
  };
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
