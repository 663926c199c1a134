/** `larder status`: what runs on this machine, or what one cluster is. Scripts rely on the names. */
import { asLarderError, EXIT, formatBytes, printable } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type { ClusterStatus } from '../../sdk/index.ts';
import {
  describeBudgets,
  describeDecisions,
  describeReads,
  describeTransit,
  describeTroubles,
} from '../cluster-reads.ts';
import { describePatterns } from '../dataset-patterns.ts';
import { createContext } from '../context.ts';
import { isSet, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { listInstances } from '../instances.ts';
import type { Instance, MountRecord } from '../instances.ts';
import { describeCondition, shownCondition } from '../mount-condition.ts';
import { table } from '../output.ts';
import { serverOf } from '../upgrading.ts';
import { describeCluster, workerTable, diskTable } from '../worker-table.ts';

const CALL_TIMEOUT_MS = 3_000;

export async function status(_: string[], flags: Flags): Promise<number> {
  const { output } = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const named = text(flags, 'master');
  const instances = listInstances().filter((it) => named === undefined || it.master === named);
  const masters =
    named === undefined ? [...new Set(instances.flatMap((it) => it.master ?? []))] : [named];
  const clusters = await Promise.all(masters.map(ask));
  const failures = clusters.flatMap((it) => ('error' in it ? [it] : []));
  const reached = clusters.flatMap((it) => ('status' in it ? [it.status] : []));
  const report = buildReport(instances, reached, failures);
  output.result(report, render(report));
  for (const { master, error } of failures) output.note(`larder: master ${master}: ${error}`);
  return failures.length > 0 ? EXIT.unavailable : EXIT.ok;
}

type Answer = { master: string; status: ClusterStatus } | { master: string; error: string };

async function ask(master: string): Promise<Answer> {
  await using larder = connect({ master, client: 'cli', callTimeoutMs: CALL_TIMEOUT_MS });
  try {
    return { master, status: await larder.status() };
  } catch (error) {
    return { master, error: asLarderError(error).message };
  }
}

type Report = ReturnType<typeof buildReport>;

function buildReport(
  instances: readonly Instance[],
  clusters: readonly ClusterStatus[],
  unreachable: readonly { master: string; error: string }[],
) {
  const origin = { gets: 0, bytes: 0, uniqueBytes: 0, requestedBytes: 0 };
  const reads = { bytes: 0, originBytes: 0, peerBytes: 0 };
  for (const cluster of clusters) {
    reads.bytes += cluster.reads.bytes;
    reads.originBytes += cluster.reads.originBytes;
    reads.peerBytes += cluster.reads.peerBytes;
    origin.gets += cluster.origin.gets;
    origin.bytes += cluster.origin.bytes;
    origin.uniqueBytes += cluster.origin.uniqueBytes;
    origin.requestedBytes += cluster.origin.requestedBytes;
  }
  return {
    processes: instances.map(({ role, pid, master, mountpoint }) => ({
      role,
      pid,
      ...(master === undefined ? {} : { master }),
      ...(mountpoint === undefined ? {} : { mountpoint }),
    })),
    mounts: instances.flatMap(({ mount }) =>
      mount === undefined
        ? []
        : [
            {
              ...mount,
              release: serverOf(mount.mountpoint)?.version ?? null,
              condition: shownCondition(mount.condition),
            },
          ],
    ),
    datasets: clusters.flatMap(({ datasets, reads }) =>
      datasets.map((dataset) => ({
        ...dataset,
        hitRatio: reads.bytes === 0 ? null : 1 - reads.originBytes / reads.bytes,
      })),
    ),
    clusters: clusters.map(({ placement, skew }) => ({ placement, skew })),
    workers: clusters.flatMap(({ workers }) => workers),
    origin,
    reads,
    unreachable,
  };
}

function render(report: Report): string {
  if (report.processes.length === 0 && report.workers.length === 0) {
    return 'Nothing of Larder runs here. Start with `larder up ORIGIN MOUNTPOINT`.';
  }
  const { origin } = report;
  const parts = [
    table(
      ['ROLE', 'PID', 'MASTER', 'MOUNTPOINT'],
      report.processes.map((it) => [
        it.role,
        String(it.pid),
        it.master ?? '–',
        it.mountpoint ?? '–',
      ]),
    ),
    table(
      ['MOUNTPOINT', 'DATASET', 'VERSION', 'DRIVER', 'MODE', 'MANIFEST', 'RELEASE', 'LACKS'],
      report.mounts.map((it) => [
        it.mountpoint,
        it.dataset,
        `v${String(it.version)}`,
        it.driver,
        describeMode(it),
        `${String(it.manifestPercent)} %`,
        it.release ?? '–',
        it.lacks.length === 0 ? '–' : it.lacks.join(' '),
      ]),
    ),
    ...troubles(report),
    table(
      ['MOUNTPOINT', 'PASSTHROUGH OPENS', 'DAEMON OPENS', 'WHY'],
      report.mounts.filter((it) => it.openMode?.mode === 'passthrough').map(describeOpens),
    ),
    table(
      ['DATASET', 'VERSION', 'FILES', 'SIZE', 'HELD', 'PINNED', 'HIT RATIO'],
      report.datasets.map((it) => [
        it.name,
        `v${String(it.latestVersion)}`,
        String(it.files),
        formatBytes(it.bytes),
        formatBytes(it.heldBytes),
        it.pinnedBytes === 0 ? '–' : formatBytes(it.pinnedBytes),
        it.hitRatio === null ? '–' : `${(100 * it.hitRatio).toFixed(1)} %`,
      ]),
    ),
    ...describePatterns(report.datasets),
    workerTable(report.workers),
    diskTable(report.workers),
    ...report.clusters.map(describeCluster),
    `origin: ${String(origin.gets)} GETs, ${formatBytes(origin.bytes)} ` +
      `(unique ${formatBytes(origin.uniqueBytes)}, requested ${formatBytes(origin.requestedBytes)})`,
    describeReads(report.reads) ?? [],
    describeDecisions(report.workers),
    describeTransit(report.workers) ?? [],
    describeBudgets(report.datasets),
    describeTroubles(report.workers),
  ].flat();
  return parts.join('\n\n');
}

/** Mounts whose servers do not last. */
function troubles({ mounts }: Report): string[] {
  const lines = mounts.flatMap(({ mountpoint, condition }) => {
    const text = describeCondition(condition);
    return text === undefined ? [] : [`${printable(mountpoint)}: ${printable(text)}`];
  });
  return lines.length === 0 ? [] : [lines.join('\n')];
}

type Modes = Pick<MountRecord, 'mountpoint' | 'openMode' | 'integrity' | 'opens'>;

/** `none (63 of 64 files below 1 MiB)`; only a decision of `auto` needs an explanation. */
function describeMode({ openMode, integrity }: Modes): string {
  if (openMode === undefined) return '–';
  const { mode, why, sampledFiles, smallFiles } = openMode;
  const strict = integrity === 'strict' ? ', strict' : '';
  if (why === 'asked') return `${mode}${strict}`;
  const seen =
    sampledFiles === 0
      ? 'files of 1 MiB and more on average'
      : `${String(smallFiles)} of ${String(sampledFiles)} files below 1 MiB`;
  return `${mode}${strict} (${seen})`;
}

function describeOpens({ mountpoint, opens = {} }: Modes): string[] {
  const { passthrough = 0, ...others } = opens;
  const reasons = Object.entries(others);
  const daemon = reasons.reduce((sum, [, count]) => sum + count, 0);
  const why = reasons.map(([reason, count]) => `${reason} ${String(count)}`).join(', ');
  return [mountpoint, String(passthrough), String(daemon), why === '' ? '–' : why];
}
