/**
 * The source that a FUSE server reads from: a version with its lease, the worker's files where they
 * can be read, and the router for everything else.
 *
 * What the worker and the master said at the first opening is kept in the mount's state directory: a
 * server that is replaced under a running mount needs neither of them to start.
 */
import fs from 'node:fs';
import path from 'node:path';
import { hasCode, LarderError } from '../common/index.ts';
import type { CompleteDirectory, DatasetInfo } from '../common/index.ts';
import type { DataClient } from '../rpc/data/index.ts';
import { directoriesOf } from '../rpc/frames/index.ts';
import type { VersionBody } from '../rpc/frames/index.ts';
import { datasetFromWire } from '../rpc/grpc/index.ts';
import type { Connection } from './connection.ts';
import { openManifest, readableDirectories } from './manifest.ts';
import type { HeldExtent, MountSource } from './mount-source.ts';
import { planRequestOf } from '../common/plans/index.ts';
import { listPlans, startPlan } from './plans.ts';
import type { PlanStatus } from './types.ts';
import { VersionReader } from './version-reader.ts';

export interface OpenMountOptions {
  readonly name: string;
  /** 0 for the latest. */
  readonly version: number;
  /** The mount's own directory: what a successor must know is kept there. */
  readonly stateDirectory: string;
  /** Unique per mount, the same for each of its servers. */
  readonly holder: string;
  /** Shown to people: host and mount point. */
  readonly what: string;
  /** How long the version stays protected after the last renewal. Default 60,000 ms. */
  readonly leaseMs?: number;
}

interface Remembered {
  readonly dataset: DatasetInfo;
  readonly version: number;
  readonly body?: VersionBody;
}

const PERCENT_EVERY_MS = 500;

/** @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE` */
export async function openMountSource(
  connection: Connection,
  options: OpenMountOptions,
  signal: AbortSignal,
): Promise<MountSource> {
  const { master, config, router, placement } = connection;
  const file = path.join(options.stateDirectory, 'version.json');
  const known = readRemembered(file);
  const { dataset, version } = known ?? (await resolve(connection, options));
  const request = { datasetId: dataset.id, version };
  let body = known?.body;
  if (body === undefined) {
    const client = await router.local();
    body = await client?.openVersion(request, { timeoutMs: config.callTimeoutMs, signal });
  }
  const manifest = await openManifest(
    {
      request,
      master,
      clock: config.clock,
      timeoutMs: config.callTimeoutMs,
      local: () => router.local(),
      privateDirectory: path.join(options.stateDirectory, 'manifest'),
      ...(body === undefined ? {} : { remembered: body }),
    },
    signal,
  );
  if (known === undefined) {
    const remembered: Remembered = { dataset, version, ...(body === undefined ? {} : { body }) };
    remember(file, remembered);
    await placement.settled(config.clock, config.callTimeoutMs);
  }
  const reader = new VersionReader({ connection, dataset, version, manifest });
  return new ConnectedMount(connection, reader, options);
}

class ConnectedMount implements MountSource {
  readonly dataset: DatasetInfo;
  readonly version: number;
  manifestPath: string;
  completeDirectories: readonly CompleteDirectory[];
  #onMoved: () => void = () => undefined;
  readonly #connection: Connection;
  readonly #reader: VersionReader;
  readonly #options: OpenMountOptions;
  readonly #open = new Set<string>();
  readonly #closing = new AbortController();
  readonly #background: Promise<void>[];
  #percent = 0;

  constructor(connection: Connection, reader: VersionReader, options: OpenMountOptions) {
    this.dataset = reader.dataset;
    this.version = reader.version;
    this.manifestPath = reader.manifest.path;
    this.completeDirectories = reader.manifest.completeDirectories;
    this.#connection = connection;
    this.#reader = reader;
    this.#options = options;
    connection.workers.onConnected((client) => {
      for (const objectId of this.#open) client.reportOpen(objectId, true);
      void this.#checkDisks();
    });
    connection.workers.onDisksChanged(() => void this.#checkDisks());
    this.#background = [this.#keepLease(), this.#followManifest()];
  }

  async fetchManifest(
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, readTimeoutMs } = this.#connection.config;
    const deadlineMs = clock.monotonicMs() + readTimeoutMs;
    for (;;) {
      try {
        await this.#reader.manifest.ensure(offsetBytes, lengthBytes, signal);
        return;
      } catch (error) {
        if (hasCode(error, 'CANCELLED') || clock.monotonicMs() > deadlineMs) throw error;
        await clock.sleep(100, signal);
      }
    }
  }

  manifestPercent(): number {
    return this.#percent;
  }

  async read(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
    memory?: Buffer,
  ): Promise<Buffer[]> {
    return [await this.#reader.read(ordinal, offsetBytes, lengthBytes, signal, memory)];
  }

  async hold(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
  ): Promise<HeldExtent | Buffer[]> {
    return await this.#reader.hold(ordinal, offsetBytes, lengthBytes, signal);
  }

  async heldBytes(ordinal: number, signal: AbortSignal): Promise<number> {
    return await this.#reader.heldBytes(ordinal, signal);
  }

  async tellPlan(json: string, signal: AbortSignal): Promise<PlanStatus> {
    const of = { dataset: this.dataset.name, version: this.version };
    return await startPlan(this.#connection, planRequestOf(json, of), of, { signal });
  }

  async plans(signal: AbortSignal): Promise<readonly PlanStatus[]> {
    return await listPlans(this.#connection, { signal });
  }

  onEvicted(listener: (objectId: string) => void): void {
    this.#connection.workers.onEvicted(listener);
  }

  onMoved(listener: () => void): void {
    this.#onMoved = listener;
  }

  onDisconnected(listener: () => void): void {
    this.#connection.workers.onDisconnected(listener);
  }

  reportTouched(ordinal: number, offsetBytes: number, lengthBytes: number, bytes: number): void {
    const address = { datasetId: this.dataset.id, version: this.version, ordinal };
    void this.#tellWorker((client) => {
      client.reportTouched({ address, offsetBytes, lengthBytes, bytes });
    });
  }

  reportMapped(ordinal: number, offsetBytes: number): void {
    // Who is away is told at one of the next faults.
    void this.#reader
      .reportMapped(ordinal, offsetBytes, this.#closing.signal)
      .catch(() => undefined);
  }

  reportOpen(objectId: string, open: boolean): void {
    if (open) this.#open.add(objectId);
    else this.#open.delete(objectId);
    void this.#tellWorker((client) => {
      client.reportOpen(objectId, open);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#background);
    const { holder } = this.#options;
    const lease = { dataset_id: this.dataset.id, version: this.version, holder };
    await this.#connection.master.catalog.releaseLease(lease).catch(() => undefined);
    await this.#reader[Symbol.asyncDispose]();
  }

  /** Asks the worker on this node where its files are, and remembers it for the next server. */
  async #checkDisks(): Promise<void> {
    const { router, config } = this.#connection;
    const file = path.join(this.#options.stateDirectory, 'version.json');
    const remembered = readRemembered(file);
    if (remembered?.body === undefined) return;
    try {
      const request = { datasetId: this.dataset.id, version: this.version };
      const how = { timeoutMs: config.callTimeoutMs, signal: this.#closing.signal };
      const body = await (await router.local())?.openVersion(request, how);
      if (body === undefined || placesOf(body) === placesOf(remembered.body)) return;
      remember(file, { ...remembered, body });
      this.manifestPath = body.manifestPath;
      this.completeDirectories = readableDirectories(body);
      this.#onMoved();
    } catch {
      // It is away: it is asked again on connecting.
    }
  }

  async #tellWorker(tell: (client: DataClient) => void): Promise<void> {
    try {
      const client = await this.#connection.router.local();
      if (client !== undefined) tell(client);
    } catch {
      // It is away; counters are lower bounds, and open objects are told again on connecting.
    }
  }

  async #keepLease(): Promise<void> {
    const { clock } = this.#connection.config;
    const { signal } = this.#closing;
    const { holder, what, leaseMs = 60_000 } = this.#options;
    const lease = {
      dataset_id: this.dataset.id,
      version: this.version,
      holder,
      what,
      ttl_ms: leaseMs,
    };
    while (!signal.aborted) {
      const renewed = await this.#connection.master.catalog.leaseVersion(lease, { signal }).then(
        () => true,
        () => false,
      );
      await clock.sleep(renewed ? leaseMs / 3 : leaseMs / 20, signal).catch(() => undefined);
    }
  }

  async #followManifest(): Promise<void> {
    const { clock } = this.#connection.config;
    const { signal } = this.#closing;
    while (!signal.aborted && this.#percent < 100) {
      this.#percent = await this.#reader.manifest.percent(signal).catch(() => this.#percent);
      await clock.sleep(PERCENT_EVERY_MS, signal).catch(() => undefined);
    }
  }
}

async function resolve(
  connection: Connection,
  options: OpenMountOptions,
): Promise<{ dataset: DatasetInfo; version: number }> {
  const { name, version } = options;
  const resolved = await connection.master.catalog.resolveVersion({ name, version });
  if (resolved.version === null) throw new LarderError('NOT_FOUND', { dataset: name, version });
  return { dataset: datasetFromWire(resolved.dataset), version: resolved.version.number };
}

function remember(file: string, remembered: Remembered): void {
  fs.writeFileSync(`${file}.tmp`, JSON.stringify(remembered));
  fs.renameSync(`${file}.tmp`, file);
}

/** What a server must have right; weights only say where to look first. */
function placesOf(body: VersionBody): string {
  const paths = directoriesOf(body).map((directory) => directory.path);
  return JSON.stringify([body.manifestPath, ...paths.sort()]);
}

function readRemembered(file: string): Remembered | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Remembered;
  } catch {
    return undefined;
  }
}
