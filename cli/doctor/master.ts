/** The masters: reachable, with how many workers, and who mounts what. */
import { asLarderError, formatBytes } from '../../common/index.ts';
import type { ClusterStatus__Output } from '../../proto/generated/larder/v1/ClusterStatus.ts';
import { note, ok, problem, warning } from './check.ts';
import type { Check, Observation } from './check.ts';
import { askMaster } from './cluster.ts';

export const master: Check = {
  name: 'master',
  timeoutMs: 8_000,
  run: async ({ masters }) => {
    if (masters.length === 0) {
      return [
        note(
          'No master runs here, and none was named.',
          'Name one: `larder doctor --master HOST:PORT`.',
        ),
      ];
    }
    return (await Promise.all(masters.map(examine))).flat();
  },
};

async function examine(address: string): Promise<Observation[]> {
  try {
    const { status, tookMs } = await askMaster(address);
    const { leases, datasets, version } = status;
    return [
      ok(
        `Master ${address} (version ${version || 'not said'}) answers in ${String(tookMs)} ms: ` +
          `datasets: ${String(datasets.length)}, mounts that hold a version: ${String(leases.length)}.`,
      ),
      ...workers(address, status),
    ];
  } catch (error) {
    const { message } = asLarderError(error);
    return [
      problem(
        `Master ${address} does not answer: ${message}`,
        'Start it (`larder master`), or check the address, the route and the firewall. Mounts go on reading meanwhile.',
      ),
    ];
  }
}

function workers(address: string, status: ClusterStatus__Output): Observation[] {
  const alive = status.workers.filter((worker) => worker.alive);
  const away = status.workers.filter((worker) => !worker.alive);
  const capacityBytes = alive.reduce((sum, worker) => sum + worker.capacity_bytes, 0);
  const usedBytes = alive.reduce((sum, worker) => sum + worker.used_bytes, 0);
  const first =
    alive.length === 0
      ? problem(
          `Master ${address} has no worker that is alive: nothing can be listed or read.`,
          `Start one: \`larder worker --master ${address}\`.`,
        )
      : ok(
          `Workers of ${address} that are alive: ${String(alive.length)}; ` +
            `${formatBytes(usedBytes)} of ${formatBytes(capacityBytes)} used.`,
        );
  return [
    first,
    ...away.map(({ member }) =>
      warning(
        `Worker ${member?.worker_id ?? '?'} on ${member?.node ?? '?'} is away.`,
        'Look at its log on that node; if it was taken away for good, this passes.',
      ),
    ),
  ];
}
