/**
 * A version's manifest as a reader in this process sees it: the worker's own copy where this process
 * may read it, else a private one that is filled from the master.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LarderError, ManifestReader, silentLogger } from '../common/index.ts';
import type { Clock, CompleteDirectory } from '../common/index.ts';
import type { DataClient } from '../rpc/data/index.ts';
import { directoriesOf } from '../rpc/frames/index.ts';
import type { VersionBody, VersionRequest } from '../rpc/frames/index.ts';
import type { MasterChannel } from '../rpc/grpc/index.ts';
import { FilePageSource, ManifestReplica, withMissing } from '../rpc/manifests/index.ts';

/** For one request of at most a MiB; what is missing is asked for again. */
const FETCH_DEADLINE_MS = 30_000;

export interface VersionManifest extends AsyncDisposable {
  readonly path: string;
  readonly reader: ManifestReader;
  /** Where complete objects can be read by path. */
  readonly completeDirectories: readonly CompleteDirectory[];
  /** Brings a range of the file to this node. */
  ensure(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<void>;
  /** 0 … 100 of it is on this node. */
  percent(signal: AbortSignal): Promise<number>;
}

export interface OpenManifestOptions {
  readonly request: VersionRequest;
  readonly master: MasterChannel;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** The worker of this node, or undefined. Rejects while it is away. */
  readonly local: () => Promise<DataClient | undefined>;
  /** What the worker said when the version was opened before: it need not be there now. */
  readonly remembered?: VersionBody;
  /**
   * Where a private copy goes, so that who opens it again finds it: its own, removed by disposing.
   * Default: a new temporary directory.
   */
  readonly privateDirectory?: string;
}

/** @throws {LarderError} `UNAVAILABLE`, `NOT_FOUND`, `MANIFEST_CORRUPT` */
export async function openManifest(
  options: OpenManifestOptions,
  signal: AbortSignal,
): Promise<VersionManifest> {
  const { request, timeoutMs, remembered } = options;
  const client = remembered === undefined ? await options.local() : undefined;
  const body = remembered ?? (await client?.openVersion(request, { timeoutMs, signal }));
  if (body !== undefined && isReadable(body.manifestPath))
    return await openShared(options, body, signal);
  return await openPrivate(options, signal);
}

async function openShared(
  options: OpenManifestOptions,
  body: VersionBody,
  signal: AbortSignal,
): Promise<VersionManifest> {
  const { request, timeoutMs } = options;
  const source = new FilePageSource(body.manifestPath, body.manifestBytes);
  const worker = async (): Promise<DataClient> => {
    const client = await options.local();
    if (client === undefined) throw new LarderError('NO_WORKER');
    return client;
  };
  const ensure: VersionManifest['ensure'] = async (offsetBytes, lengthBytes, ensureSignal) => {
    const range = { ...request, offsetBytes, lengthBytes };
    await (await worker()).fetchManifest(range, { timeoutMs, signal: ensureSignal });
  };
  let reader: ManifestReader;
  try {
    reader = await withMissing(
      () => ManifestReader.open(source),
      ({ offsetBytes, lengthBytes }) => ensure(offsetBytes, lengthBytes, signal),
    );
  } catch (error) {
    source.close();
    throw error;
  }
  let percent = body.manifestPercent;
  return {
    path: body.manifestPath,
    reader,
    completeDirectories: readableDirectories(body),
    ensure,
    percent: async (percentSignal) => {
      if (percent < 100) {
        const now = await (
          await worker()
        ).openVersion(request, { timeoutMs, signal: percentSignal });
        percent = now.manifestPercent;
      }
      return percent;
    },
    [Symbol.asyncDispose]: async () => {
      source.close();
    },
  };
}

async function openPrivate(
  options: OpenManifestOptions,
  signal: AbortSignal,
): Promise<VersionManifest> {
  const { request, master, clock } = options;
  const { datasetId, version } = request;
  const file = options.privateDirectory && path.join(options.privateDirectory, 'manifest');
  const sizeBytes =
    (file === undefined ? undefined : wholeBytes(file)) ??
    (await master.catalog.resolveVersion({ dataset_id: datasetId, version }, { signal })).version
      ?.manifest_bytes ??
    0;
  const directory =
    options.privateDirectory ?? fs.mkdtempSync(path.join(os.tmpdir(), 'larder-manifest-'));
  const opening = ManifestReplica.open(
    {
      path: file ?? path.join(directory, 'manifest'),
      sizeBytes,
      clock,
      log: silentLogger,
      fetch: (offset, length, fetchSignal) =>
        master.catalog.readManifest(
          { dataset_id: datasetId, version, offset, length },
          { signal: fetchSignal, deadlineMs: FETCH_DEADLINE_MS },
        ),
    },
    signal,
  );
  const replica = await opening.catch((error: unknown) => {
    if (file === undefined) fs.rmSync(directory, { recursive: true, force: true });
    throw error;
  });
  return {
    path: replica.path,
    reader: replica.reader,
    completeDirectories: [],
    ensure: (offsetBytes, lengthBytes, ensureSignal) =>
      replica.ensure(offsetBytes, lengthBytes, ensureSignal),
    percent: async () => replica.percent,
    [Symbol.asyncDispose]: async () => {
      await replica[Symbol.asyncDispose]();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The size of a copy that is whole: the master need not be asked then. */
function wholeBytes(file: string): number | undefined {
  return fs.existsSync(`${file}.whole`) ? fs.statSync(file).size : undefined;
}

/** Those that this process may read. */
export function readableDirectories(body: VersionBody): CompleteDirectory[] {
  return directoriesOf(body).filter(({ path: at }) => isReadable(at));
}

function isReadable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
