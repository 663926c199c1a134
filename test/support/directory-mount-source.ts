/**
 * A `MountSource` over a real directory: its manifest is built from a walk, its bytes are read with
 * `fs`. It can be slow, fail, hang, give too little, and pretend that pages of the manifest are not
 * here yet.
 *
 * How it behaves is a file that tests rewrite while the mount runs (`behaviour.json` in the work
 * directory), because the source lives in another process.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEFAULT_SETTINGS,
  LarderError,
  ManifestBuilder,
  ManifestReader,
} from '../../common/index.ts';
import type {
  CompleteDirectory,
  DatasetInfo,
  ErrorCode,
  ListingEntry,
} from '../../common/index.ts';
import { FileManifestSink, FilePageSource } from '../../rpc/manifests/index.ts';
import type { HeldExtent, MountSource, PlanStatus } from '../../sdk/index.ts';

/** What a test may ask of a source; the first rule whose `path` the key contains is followed. */
export interface Behaviour {
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly path: string;
  readonly delayMs?: number;
  readonly fail?: ErrorCode;
  readonly hang?: boolean;
  /** Gives so many bytes less than asked. */
  readonly shortBy?: number;
  /** The reads are logged to `reads.log`. */
  readonly log?: boolean;
  /** The bytes up to `toBytes` are said to be in the growing file of that incarnation. */
  readonly heldAt?: { readonly incarnation: number; readonly toBytes: number };
}

export interface DirectorySourceOptions {
  readonly directory: string;
  /** Where the manifest and the files that steer the source lie. */
  readonly workDirectory: string;
  readonly completeDirectory?: string;
  /** Manifest bytes come from the whole copy only after so long: pages are missing at first. */
  readonly manifestDelayMs?: number;
  /** Connecting takes so long. */
  readonly connectMs?: number;
  readonly connectFails?: ErrorCode;
}

export const TEST_DATASET: DatasetInfo = {
  id: 7,
  name: 'kitchen',
  origin: 'file:///kitchen',
  settings: DEFAULT_SETTINGS,
};

const TEST_VERSION = 3;

const WHOLE_MANIFEST = 'manifest.whole';

/** Walks a directory and writes its manifest into the work directory. Once per mount, by the test. */
export function buildManifest(directory: string, workDirectory: string): string {
  const file = path.join(workDirectory, WHOLE_MANIFEST);
  const sink = new FileManifestSink(file);
  const builder = new ManifestBuilder({
    sink,
    blockSizeBytes: TEST_DATASET.settings.blockSizeBytes,
    onSkip: (key, reason) => {
      throw new Error(`skipped ${key.toString()}: ${reason}`);
    },
  });
  for (const entry of walk(Buffer.from(directory), Buffer.alloc(0))) builder.add(entry);
  builder.finish();
  sink.publish();
  return file;
}

export class DirectoryMountSource implements MountSource {
  readonly dataset = TEST_DATASET;
  readonly version = TEST_VERSION;
  readonly manifestPath: string;
  readonly completeDirectories: readonly CompleteDirectory[];
  readonly #options: DirectorySourceOptions;
  readonly #whole: string;
  readonly #reader: ManifestReader;
  readonly #evictionListeners: ((objectId: string) => void)[] = [];
  readonly #disconnectListeners: (() => void)[] = [];
  #evictionsSeen = 0;
  readonly #closing = new AbortController();

  static async connect(options: DirectorySourceOptions): Promise<DirectoryMountSource> {
    if (options.connectMs !== undefined) await sleep(options.connectMs);
    if (options.connectFails !== undefined) throw new LarderError(options.connectFails);
    return new DirectoryMountSource(options);
  }

  constructor(options: DirectorySourceOptions) {
    this.#options = options;
    const { completeDirectory: at } = options;
    this.completeDirectories = at === undefined ? [] : [{ path: at, diskId: '', weightBytes: 1 }];
    this.#whole = path.join(options.workDirectory, WHOLE_MANIFEST);
    this.#reader = ManifestReader.open(new FilePageSource(this.#whole), { whole: true });
    this.manifestPath = options.manifestDelayMs === undefined ? this.#whole : this.#hollowCopy();
    void this.#followEvictions();
  }

  async fetchManifest(
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
  ): Promise<void> {
    this.#log(`manifest ${String(offsetBytes)}+${String(lengthBytes)}`);
    await sleep(this.#options.manifestDelayMs ?? 0, undefined, { signal });
    copyRange(this.#whole, this.manifestPath, offsetBytes, lengthBytes);
  }

  manifestPercent(): number {
    return this.manifestPath === this.#whole ? 100 : 50;
  }

  async read(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
  ): Promise<Buffer[]> {
    const key = this.#reader.key(ordinal);
    const rule = this.#rule(key);
    if (rule?.log === true)
      this.#log(`read ${key.toString()} ${String(offsetBytes)}+${String(lengthBytes)}`);
    if (rule?.delayMs !== undefined) await sleep(rule.delayMs, undefined, { signal });
    if (rule?.hang === true) {
      await sleep(2 ** 30, undefined, { signal }).finally(() => {
        this.#log(`ended ${key.toString()}`);
      });
    }
    if (rule?.fail !== undefined) throw new LarderError(rule.fail, { key: key.toString() });
    const wanted = lengthBytes - (rule?.shortBy ?? 0);
    const bytes = Buffer.allocUnsafe(wanted);
    const file = await fs.promises.open(
      Buffer.concat([Buffer.from(`${this.#options.directory}/`), key]),
    );
    try {
      const { bytesRead } = await file.read(bytes, 0, wanted, offsetBytes);
      // In two pieces, as a source may.
      const half = bytesRead >>> 1;
      return [bytes.subarray(0, half), bytes.subarray(half, bytesRead)];
    } finally {
      await file.close();
    }
  }

  async hold(
    ordinal: number,
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal,
  ): Promise<HeldExtent | Buffer[]> {
    const key = this.#reader.key(ordinal);
    const { log, heldAt } = this.#rule(key) ?? {};
    if (heldAt === undefined || offsetBytes + lengthBytes > heldAt.toBytes) {
      return await this.read(ordinal, offsetBytes, lengthBytes, signal);
    }
    if (log === true) {
      this.#log(`hold ${key.toString()} ${String(offsetBytes)}+${String(lengthBytes)}`);
    }
    const { objectId } = this.#reader.objectRef(ordinal, TEST_DATASET);
    return { objectId, ...heldAt };
  }

  async heldBytes(ordinal: number): Promise<number> {
    return Math.floor(this.#reader.attributes(ordinal, this.#reader.entry(ordinal)).sizeBytes / 2);
  }

  async tellPlan(json: string): Promise<PlanStatus> {
    this.#log(`plan ${json}`);
    if (json.startsWith('bad')) throw new LarderError('INVALID_ARGUMENT', { what: 'a plan' });
    const { dataset, version } = this;
    return { job: 'job', dataset: dataset.name, version, sampler: 'list', keepMs: 1, workers: [] };
  }

  async plans(): Promise<PlanStatus[]> {
    return [];
  }

  onEvicted(listener: (objectId: string) => void): void {
    this.#evictionListeners.push(listener);
  }

  onMoved(): void {
    // Its directory stays.
  }

  onDisconnected(listener: () => void): void {
    this.#disconnectListeners.push(listener);
  }

  reportTouched(ordinal: number, offsetBytes: number, lengthBytes: number, bytes: number): void {
    const key = this.#reader.key(ordinal).toString();
    this.#log(`touched ${key} ${String(offsetBytes)}+${String(lengthBytes)} ${String(bytes)}`);
  }

  reportMapped(ordinal: number, offsetBytes: number): void {
    this.#log(`mapped ${this.#reader.key(ordinal).toString()} ${String(offsetBytes)}`);
  }

  reportOpen(objectId: string, open: boolean): void {
    this.#log(`${open ? 'open' : 'closed'} ${objectId}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#log('disposed');
  }

  /** The footer is there, the pages are zeros. */
  #hollowCopy(): string {
    const hollow = path.join(this.#options.workDirectory, `manifest.hollow`);
    const { fileBytes } = this.#reader.summary;
    fs.closeSync(fs.openSync(hollow, 'a'));
    fs.truncateSync(hollow, fileBytes);
    const pagesEnd = Math.max(
      0,
      ...this.#reader.pages.map((page) => page.offsetBytes + page.lengthBytes),
    );
    copyRange(this.#whole, hollow, pagesEnd, fileBytes - pagesEnd);
    return hollow;
  }

  #rule(key: Buffer): Rule | undefined {
    const { rules } = readBehaviour(this.#options.workDirectory);
    const text = key.toString();
    return rules.find((rule) => text.includes(rule.path));
  }

  /** Tests append object ids to `evicted`, and `disconnected`. */
  async #followEvictions(): Promise<void> {
    const file = path.join(this.#options.workDirectory, 'evicted');
    while (!this.#closing.signal.aborted) {
      await sleep(20);
      const ids = fs.existsSync(file)
        ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
        : [];
      for (const id of ids.slice(this.#evictionsSeen)) {
        if (id === 'disconnected') for (const listener of this.#disconnectListeners) listener();
        else for (const listener of this.#evictionListeners) listener(id);
      }
      this.#evictionsSeen = ids.length;
    }
  }

  #log(line: string): void {
    fs.appendFileSync(path.join(this.#options.workDirectory, 'reads.log'), `${line}\n`);
  }
}

export function setBehaviour(workDirectory: string, behaviour: Behaviour): void {
  const file = path.join(workDirectory, 'behaviour.json');
  fs.writeFileSync(`${file}.tmp`, JSON.stringify(behaviour));
  fs.renameSync(`${file}.tmp`, file);
}

function readBehaviour(workDirectory: string): Behaviour {
  const file = path.join(workDirectory, 'behaviour.json');
  return fs.existsSync(file)
    ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Behaviour)
    : { rules: [] };
}

function copyRange(from: string, to: string, offsetBytes: number, lengthBytes: number): void {
  const bytes = Buffer.alloc(lengthBytes);
  const source = fs.openSync(from, 'r');
  const target = fs.openSync(to, 'r+');
  fs.readSync(source, bytes, 0, lengthBytes, offsetBytes);
  fs.writeSync(target, bytes, 0, lengthBytes, offsetBytes);
  fs.closeSync(source);
  fs.closeSync(target);
}

/** In listing order: a file sorts as `name`, a directory as `name/`. */
function* walk(root: Buffer, prefix: Buffer): Generator<ListingEntry> {
  const directory = Buffer.concat([root, Buffer.from('/'), prefix]);
  const names = fs.readdirSync(directory, { encoding: 'buffer', withFileTypes: true });
  const keyed = names.map((entry) => ({
    entry,
    key: Buffer.concat([prefix, entry.name, Buffer.from(entry.isDirectory() ? '/' : '')]),
  }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  for (const { entry, key } of keyed) {
    const file = Buffer.concat([root, Buffer.from('/'), key]);
    const stat = fs.lstatSync(file.at(-1) === 0x2f ? file.subarray(0, -1) : file, { bigint: true });
    const base = {
      key,
      mtimeS: Number(stat.mtimeNs / 1_000_000_000n),
      mtimeNs: Number(stat.mtimeNs % 1_000_000_000n),
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      validator: { kind: 'file', identity: Buffer.alloc(28, Number(stat.ino % 251n)) } as const,
    };
    if (entry.isDirectory()) {
      yield { ...base, kind: 'directory', sizeBytes: 0 };
      yield* walk(root, key);
    } else if (entry.isSymbolicLink()) {
      const symlinkTarget = fs.readlinkSync(file, 'buffer');
      yield { ...base, kind: 'symlink', sizeBytes: symlinkTarget.length, symlinkTarget };
    } else {
      yield { ...base, kind: 'file', sizeBytes: Number(stat.size) };
    }
  }
}
