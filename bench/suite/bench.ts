/**
 * What the rows of a run share: the origin, made when the first row wants it, and the scene that
 * stands, which ends when a row wants another.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Disposals } from '../../common/index.ts';
import { makeEntries } from './entries.ts';
import { limitedGateway } from './limited-origin.ts';
import { BUCKET, startOrigin, warmOrigin } from './origin.ts';
import type { Data, Origin } from './origin.ts';
import { Scene } from './scene.ts';
import type { Profiler } from './profiler.ts';

export interface BenchOptions {
  readonly scratch: string;
  readonly bigBytes: number;
  readonly smallFiles: number;
  /** Of the row that is measured, where a profile was asked for. */
  readonly profiler: Profiler | undefined;
}

export class Bench implements AsyncDisposable {
  readonly options: BenchOptions;
  readonly #stack = new Disposals();
  #origin: Promise<Origin> | undefined;
  #limited: Promise<string> | undefined;
  #entries: string | undefined;
  #standing: { key: string; scene: Promise<Scene> } | undefined;

  constructor(options: BenchOptions) {
    this.options = options;
  }

  origin(): Promise<Origin> {
    this.#origin ??= startOrigin(this.#stack, this.options);
    return this.#origin;
  }

  /** The endpoint of the same origin behind a link of `bytesPerSecond`. */
  async limitedEndpoint(bytesPerSecond: number): Promise<string> {
    const { gatewayDirectory } = await this.origin();
    this.#limited ??= limitedGateway(this.#stack, { gatewayDirectory, bytesPerSecond });
    return this.#limited;
  }

  /** A scene that lasts as long as rows ask for the same one. */
  async standing(key: string, open: () => Promise<Scene>): Promise<Scene> {
    if (this.#standing?.key !== key) {
      await this.endStanding();
      this.#standing = { key, scene: open() };
    }
    return this.#standing.scene;
  }

  async endStanding(): Promise<void> {
    const standing = this.#standing;
    this.#standing = undefined;
    await (await standing?.scene.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** With empty caches, beside no other scene; whoever opens it disposes of it. */
  async coldScene(data: Data, limitBytesPerSecond?: number): Promise<Scene> {
    await this.endStanding();
    const endpoint =
      limitBytesPerSecond === undefined
        ? undefined
        : await this.limitedEndpoint(limitBytesPerSecond);
    return this.#openData(data, endpoint);
  }

  warmScene(data: Data): Promise<Scene> {
    return this.standing(`warm ${data}`, () => this.#openData(data));
  }

  /** Of a tree of empty files that both sides share: Larder lists the directory, or all list the gateway. */
  entriesScene(entries: number, from: 'directory' | 'gateway'): Promise<Scene> {
    return this.standing(`${entries} entries, ${from}`, async () => {
      await this.#removeEntries();
      const prefix = `entries-${entries}`;
      if (from === 'directory') {
        const directory = await this.#makeEntries(join(this.options.scratch, prefix), entries);
        return this.#open({ source: { directory }, plainDirectory: directory });
      }
      const { endpoint, gatewayDirectory } = await this.origin();
      const place = join(gatewayDirectory, BUCKET, prefix);
      const plainDirectory = await this.#makeEntries(place, entries);
      return this.#open({ source: { endpoint, prefix }, plainDirectory });
    });
  }

  /** After a sample that dropped the machine's page cache. */
  async warmOrigin(): Promise<void> {
    await warmOrigin(await this.origin());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _ = this.#stack;
    await this.endStanding();
    await this.#removeEntries();
  }

  async #makeEntries(directory: string, entries: number): Promise<string> {
    this.#entries = directory;
    await makeEntries(directory, entries);
    return directory;
  }

  async #removeEntries(): Promise<void> {
    if (this.#entries !== undefined) await rm(this.#entries, { recursive: true, force: true });
    this.#entries = undefined;
  }

  async #openData(data: Data, behind?: string): Promise<Scene> {
    const { endpoint, plainDirectory } = await this.origin();
    return this.#open({
      source: { endpoint: behind ?? endpoint, prefix: data },
      plainDirectory: join(plainDirectory, data),
    });
  }

  #open(place: Pick<Parameters<typeof Scene.open>[0], 'source' | 'plainDirectory'>) {
    const { scratch, profiler } = this.options;
    const env = profiler?.environment;
    return Scene.open({ scratch, ...place, ...(env === undefined ? {} : { env }) });
  }
}
