/** From the paths of a request to the files of a version that they name. */
import type { Clock } from '../common/index.ts';
import { Breather } from './breathe.ts';
import type { Catalog } from './catalog.ts';
import type { DataDirectory } from './data-directory.ts';
import { openManifest } from './manifests.ts';
import { resolvePaths } from './preload-paths.ts';
import { PreloadTarget } from './preload-target.ts';

export interface NamedFiles {
  readonly dataset: string;
  /** 0: the latest. */
  readonly version: number;
  /** Files, directories or patterns; none: all. */
  readonly paths: readonly Buffer[];
}

export interface NamedTarget {
  readonly datasetId: number;
  readonly version: number;
  /** To be disposed of by the caller. */
  readonly target: PreloadTarget;
}

/** @throws {LarderError} `NOT_FOUND`, also for a pattern that matches nothing; `INVALID_ARGUMENT` for a symlink */
export async function namedTarget(
  {
    catalog,
    directory,
    clock,
  }: { readonly catalog: Catalog; readonly directory: DataDirectory; readonly clock: Clock },
  { dataset: name, version: number, paths }: NamedFiles,
  signal: AbortSignal,
): Promise<NamedTarget> {
  const dataset = catalog.byName(name);
  const version = catalog.version(dataset, number);
  using manifest = openManifest(directory.manifestPath(version));
  const breather = new Breather(clock, signal);
  const { roots } = await resolvePaths(manifest.reader, { paths, listed: [] }, breather);
  const target = await PreloadTarget.load(manifest.reader, roots, { clock, signal });
  return { datasetId: dataset.id, version: version.number, target };
}
