/**
 * A worker with two disks under mounts in daemon mode, one of which can be made to fail, to hang or to be full, and
 * an origin of files of 1 MiB and more.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { connect } from '../../sdk/index.ts';
import { createFailingDisk } from './failing-disk.ts';
import type { FailingDisk } from './failing-disk.ts';
import { eventually } from './larder.ts';
import { TestParts } from './parts.ts';
import type { Part } from './parts.ts';
import { SmallDisk } from './small-disk.ts';
import { differences } from './trees.ts';

export const MIB = 1024 * 1024;
export const FILES = 24;
/** Scaled down, so that a disk is given up, and tried again, within a test. */
const TIMES = {
  LARDER_DISK_HUNG_AFTER_MS: '1500',
  LARDER_DISK_ERRORS: '3',
  LARDER_DISK_RETRY_MS: '500',
};

export class TwoDisks implements AsyncDisposable {
  readonly parts = new TestParts();
  readonly origin: string;
  readonly good: SmallDisk;
  #failing: FailingDisk | undefined;

  constructor() {
    this.origin = this.parts.larder.folder('origin');
    for (let i = 0; i < FILES; i += 1) {
      fs.writeFileSync(path.join(this.origin, `f${String(i)}`), randomBytes(MIB + i));
    }
    this.good = new SmallDisk(this.parts.larder.folder('good'), 'size=256m');
  }

  get goodDirectory(): string {
    return path.join(this.good.path, 'cache');
  }

  /** On the disk that can fail. */
  get otherDirectory(): string {
    return path.join(this.failing.path, 'cache');
  }

  get failing(): FailingDisk {
    if (this.#failing === undefined) throw new Error('there is no failing disk');
    return this.#failing;
  }

  async worker(...directories: readonly string[]): Promise<Part> {
    const flags = directories.flatMap((directory) => ['--cache-dir', directory]);
    return await this.parts.worker({ flags: [...flags, '--cache-size', '128MiB'], env: TIMES });
  }

  /** A master, a worker with both disks, and dataset `d`. */
  async start(): Promise<Part> {
    await this.makeFailing();
    await this.parts.master();
    const part = await this.worker(this.goodDirectory, this.otherDirectory);
    await this.parts.dataset('d', `file://${this.origin}`);
    return part;
  }

  async makeFailing(): Promise<void> {
    this.#failing = await createFailingDisk();
  }

  /** Each time with a mount of its own: what one has read is in its page cache. */
  async readsRight(): Promise<void> {
    const mountpoint = await this.parts.mount('d', { flags: ['--open-mode', 'daemon'] });
    expect(await differences(this.origin, mountpoint)).toBe('');
  }

  /** Over TCP, as on another node: what is whole is sent by serving threads. */
  async readsRightFromAfar(): Promise<void> {
    // One try has all the time that a read has: who waits for the disk itself fails.
    const times = { readTimeoutMs: 20_000, attemptTimeoutMs: 20_000 };
    await using larder = connect({ master: this.parts.masterAddress, ...times });
    await using dataset = await larder.datasets.get('d');
    for (const name of fs.readdirSync(this.origin)) {
      const expected = fs.readFileSync(path.join(this.origin, name));
      await using file = await dataset.open(name);
      expect((await file.read(0, expected.length)).equals(expected)).toBe(true);
    }
  }

  async disks() {
    const { workers } = await this.parts.larder.status();
    return workers[0]?.disks ?? [];
  }

  async stateOf(directory: string) {
    return (await this.disks()).find((disk) => disk.path === directory)?.state;
  }

  async isState(directory: string, state: string): Promise<void> {
    const isIt = async () => ((await this.stateOf(directory)) === state ? true : undefined);
    await eventually(isIt, 30_000);
  }

  /** Resolves when the master's view is what the disks have: everything. */
  async allHeld(): Promise<void> {
    const sizes = fs
      .readdirSync(this.origin)
      .map((name) => fs.statSync(path.join(this.origin, name)).size);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    await eventually(async () => {
      const { datasets } = await this.parts.larder.status();
      return datasets[0]?.heldBytes === bytes ? true : undefined;
    }, 20_000);
  }

  async originBytes(): Promise<number> {
    return (await this.parts.larder.status()).origin.bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failing?.goOn();
    this.good[Symbol.dispose]();
    await this.parts[Symbol.asyncDispose]();
    this.#failing?.[Symbol.dispose]();
  }
}

export function completeIn(directory: string): string[] {
  const names = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /^complete\/..\/..\/[0-9a-f]{40}$/.test(name))
    .map((name) => path.basename(name));
}
