/** What a master measures of itself and of what it knows, as metrics. */
import type { Reading } from '../common/index.ts';
import type { Catalog } from './catalog.ts';
import type { Preloads } from './preloads.ts';
import type { Workers } from './workers.ts';

export interface ReadingParts {
  readonly catalog: Pick<Catalog, 'datasets' | 'version' | 'leases'>;
  readonly workers: Pick<Workers, 'aliveIds' | 'held' | 'placement'>;
  readonly preloads: Pick<Preloads, 'list'>;
}

export function masterReadings({ catalog, workers, preloads }: ReadingParts): Reading[] {
  const datasets = catalog.datasets();
  const latest = datasets.map((dataset) => catalog.version(dataset, 0));
  const alive = workers.aliveIds();
  const { number, members } = workers.placement;
  const heldBy = (id: string) =>
    datasets.reduce((sum, dataset) => sum + workers.held.bytes(id, dataset.id), 0);
  const isAlive = new Set(alive);
  const away = members.filter(({ workerId }) => !isAlive.has(workerId)).length;
  return [
    { name: 'larder_workers', value: members.length - away, labels: { state: 'alive' } },
    { name: 'larder_workers', value: away, labels: { state: 'away' } },
    { name: 'larder_placement_number', value: number },
    { name: 'larder_datasets', value: datasets.length },
    { name: 'larder_dataset_files', value: latest.reduce((sum, { files }) => sum + files, 0) },
    { name: 'larder_dataset_bytes', value: latest.reduce((sum, { bytes }) => sum + bytes, 0) },
    {
      name: 'larder_dataset_skipped_keys',
      value: latest.reduce((sum, { skipped }) => sum + skipped, 0),
    },
    { name: 'larder_held_bytes', value: alive.reduce((sum, id) => sum + heldBy(id), 0) },
    { name: 'larder_leases', value: catalog.leases().length },
    ...preloadReadings(preloads),
  ];
}

function preloadReadings(preloads: Pick<Preloads, 'list'>): Reading[] {
  const counts = new Map<string, number>();
  for (const { progress } of preloads.list()) {
    const state = String(progress?.state ?? 'PENDING').toLowerCase();
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, value]) => ({
    name: 'larder_preloads',
    value,
    labels: { state },
  }));
}
