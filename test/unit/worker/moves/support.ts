/** A version in memory, and workers that are told what moves. */
import { DEFAULT_SETTINGS, silentLogger, systemClock } from '../../../../common/index.ts';
import type { ListingEntry, ManifestReader, PlacementMember } from '../../../../common/index.ts';
import { Placement } from '../../../../common/index.ts';
import type { MoveList } from '../../../../rpc/frames/index.ts';
import { OpenedVersion } from '../../../../worker/versions.ts';
import { workers } from '../../../support/placements.ts';
import { build, entry } from '../../common/manifest/support.ts';

export const DATASET = 1;
export const clock = systemClock;
export const log = silentLogger;

export const dataset = {
  id: DATASET,
  name: 'data',
  origin: 's3://b/p',
  settings: DEFAULT_SETTINGS,
};

export function placementOf(count: number, number = 1): Placement {
  return new Placement(number, workers(count));
}

export function files(count: number, change: Partial<ListingEntry> = {}): ListingEntry[] {
  return Array.from({ length: count }, (_, i) => entry(`f${String(i).padStart(6, '0')}`, change));
}

/** Versions 1, 2, … of the dataset, with these files. */
export class MemoryVersions {
  readonly readers: ManifestReader[] = [];
  readonly #opened: OpenedVersion[] = [];

  add(entries: readonly ListingEntry[], nextBlock = 0): ManifestReader {
    const { reader } = build(entries, { nextBlock });
    const replica = {
      reader,
      withPages: async (_: AbortSignal, task: (reader: ManifestReader) => unknown) => task(reader),
    } as unknown as OpenedVersion['replica'];
    this.readers.push(reader);
    this.#opened.push(new OpenedVersion(dataset, this.readers.length, replica));
    return reader;
  }

  async known(): Promise<number[]> {
    return this.readers.map((_, i) => i + 1).reverse();
  }

  async get(_: number, version: number): Promise<OpenedVersion> {
    return this.#opened[version - 1]!;
  }
}

interface Came {
  datasetId: number;
  firstBlock: number;
  count: number;
  held: boolean;
}

export class MemoryHeld {
  readonly blocks = new Set<number>();
  readonly #listeners = new Set<(change: Came) => void>();

  datasetIds(): number[] {
    return this.blocks.size === 0 ? [] : [DATASET];
  }

  has(_: number, block: number): boolean {
    return this.blocks.has(block);
  }

  onChange(listener: (change: Came) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(firstBlock: number, count = 1): void {
    for (let i = 0; i < count; i += 1) this.blocks.add(firstBlock + i);
    for (const listener of this.#listeners) {
      listener({ datasetId: DATASET, firstBlock, count, held: true });
    }
  }
}

/** What was sent to whom, in order. */
export class Sent {
  readonly lists: { to: string; list: MoveList }[] = [];
  /** Workers that cannot be reached. */
  readonly away = new Set<string>();

  readonly send = async ({ workerId }: PlacementMember, list: MoveList): Promise<void> => {
    if (this.away.has(workerId)) throw new Error('away');
    this.lists.push({ to: workerId, list });
  };

  /** Ordinals that were sent to a worker, each as often as it was. */
  ordinals(to: string): number[] {
    return this.lists.filter((sent) => sent.to === to).flatMap(({ list }) => [...list.ordinals]);
  }

  /** Placements for which a worker was told `settled`. */
  settled(to: string): number[] {
    const toThem = this.lists.filter((sent) => sent.to === to && sent.list.flag);
    return toThem.map(({ list }) => list.placement);
  }
}
