/**
 * The master's directory: its lock, its catalog and its manifests.
 *
 *     lock                          held while a master runs
 *     catalog.lmdb                  datasets, versions, leases, counters
 *     manifests/<dataset>/v<N>.manifest
 *     manifests/<dataset>/v<N>.blocks   made from the manifest when it is first needed
 *
 * Always true: a manifest file has its final name only when it is whole; what a crash left half-built,
 * or that no version names, is removed at start.
 */
import { accessSync, constants, existsSync, mkdirSync, statfsSync, statSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LarderError, systemCode } from '../common/index.ts';
import { lockFile } from './file-lock.ts';
import type { VersionRecord } from './records.ts';

type VersionId = Pick<VersionRecord, 'datasetId' | 'number'>;

export class DataDirectory implements Disposable {
  readonly path: string;
  readonly #release: () => void;

  /** @throws {LarderError} `DATA_DIR_UNUSABLE`, `DATA_DIR_LOCKED`, `DATA_DIR_FULL` where it is new */
  constructor(path: string) {
    this.path = path;
    this.#release = openAndLock(path);
  }

  get catalogPath(): string {
    return join(this.path, 'catalog.lmdb');
  }

  manifestPath(version: VersionId): string {
    return join(this.#manifestsOf(version.datasetId), `v${version.number}.manifest`);
  }

  blockIndexPath(version: VersionId): string {
    return join(this.#manifestsOf(version.datasetId), `v${version.number}.blocks`);
  }

  async prepareManifests(datasetId: number): Promise<void> {
    await mkdir(this.#manifestsOf(datasetId), { recursive: true });
  }

  async removeManifest(version: VersionId): Promise<void> {
    const path = this.manifestPath(version);
    await rm(path, { force: true });
    await rm(`${path}.tmp`, { force: true });
    await rm(this.blockIndexPath(version), { force: true });
    // Only where it was the last; otherwise the directory is not empty.
    await rmdir(this.#manifestsOf(version.datasetId)).catch(() => undefined);
  }

  /** Removes every file below `manifests/` that does not belong to one of these versions. */
  async removeOtherManifests(versions: readonly VersionId[]): Promise<void> {
    const keep = new Set(
      versions.flatMap((version) => [this.manifestPath(version), this.blockIndexPath(version)]),
    );
    const root = join(this.path, 'manifests');
    for (const dataset of await readdir(root)) {
      const directory = join(root, dataset);
      for (const name of await readdir(directory)) {
        const path = join(directory, name);
        if (!keep.has(path)) await rm(path, { recursive: true });
      }
      await rmdir(directory).catch(() => undefined);
    }
  }

  [Symbol.dispose](): void {
    this.#release();
  }

  #manifestsOf(datasetId: number): string {
    return join(this.path, 'manifests', String(datasetId));
  }
}

/**
 * What a write below the data directory failed with. `CACHE_IO` is how the files of manifests say it, which
 * do not know whose they are.
 */
export function dataDirectoryError(path: string, error: unknown): unknown {
  const isOther = error instanceof LarderError && error.code !== 'CACHE_IO';
  if (isOther || !(error instanceof Error)) return error;
  const cause = error instanceof LarderError ? error.cause : error;
  const what = cause instanceof Error ? cause.message : error.message;
  // LMDB says EIO as well, after a write that was cut short.
  const full = FULL.has(systemCode(cause) ?? '') || isFull(path);
  const code = full ? 'DATA_DIR_FULL' : 'DATA_DIR_UNUSABLE';
  return new LarderError(code, { path, what }, { cause: error });
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

function isFull(path: string): boolean {
  try {
    return statfsSync(path).bavail === 0;
  } catch {
    return false;
  }
}

/** What LMDB maps when it makes its files must fit: a page without room ends the process (SIGBUS). */
const LEAST_FREE_BYTES = 1024 * 1024;

function openAndLock(path: string): () => void {
  const unusable = (what: string, cause?: unknown) =>
    new LarderError('DATA_DIR_UNUSABLE', { path, what }, { cause });
  try {
    if (!statSync(path).isDirectory()) throw unusable('it is not a directory');
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    mkdirSync(join(path, 'manifests'), { recursive: true });
    const { bavail, bsize } = statfsSync(path);
    if (!existsSync(join(path, 'catalog.lmdb-lock')) && bavail * bsize < LEAST_FREE_BYTES) {
      throw new LarderError('DATA_DIR_FULL', { path, what: 'a new catalog has no room' });
    }
    const release = lockFile(join(path, 'lock'));
    if (release === undefined) throw new LarderError('DATA_DIR_LOCKED', { path });
    return release;
  } catch (error) {
    if (error instanceof LarderError) throw error;
    const code = systemCode(error);
    throw unusable(code === 'ENOENT' ? 'it does not exist' : (code ?? String(error)), error);
  }
}
