/**
 * Looks at what a cache directory has of one dataset: each record and its file, and files that no record names.
 * Changes nothing; reads, writes and evictions go on meanwhile.
 *
 * Always true: `held` is what was announced of an object at the moment when it was looked at. Blocks that were about
 * to be announced then, and objects whose file and record were seen at different moments, are in nobody's way: what
 * looks wrong is looked at once more, and what came or went while it was looked at is left out.
 */
import { opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RoaringBitmap32 } from 'roaring-wasm';
import { blockCount, parseGrowingName, systemCode } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import type { CacheDirectory } from './cache-directory.ts';
import type { ObjectIndex } from './object-index.ts';
import { SEGMENT_BLOCKS, segmentChunks, segmentCount } from './record.ts';
import type { ObjectRecord } from './record.ts';
import type { RecordStore } from './record-store.ts';
import { checkFile } from './scan-files.ts';
import type { BlockRun, FileProblem, ScannedFile } from './scan-files.ts';
import { segmentHolds } from './stored-object.ts';

export interface ScanRequest {
  readonly datasetId: number;
  /** Read what is held, and compare. */
  readonly checksums: boolean;
  /** Whether any of these blocks came or went since the scan began. */
  isChanged(firstBlock: number, count: number): boolean;
  /** Blocks that may be announced any moment. */
  unsettled(firstBlock: number, count: number): void;
}

export interface ScanProblem {
  readonly kind: FileProblem['kind'] | 'file-without-record';
  readonly objectId: string;
  /** Empty where nothing says it. */
  readonly key: Buffer;
  readonly firstBlock: number;
  readonly blocks: number;
  readonly detail: string;
}

export interface ScanBatch {
  readonly problems: readonly ScanProblem[];
  /** Whole objects, and the size of their files. */
  readonly whole: readonly { readonly firstBlock: number; readonly sizeBytes: number }[];
  readonly objects: number;
  readonly readBytes: number;
}

export interface ScanParts {
  readonly directory: CacheDirectory;
  readonly records: RecordStore;
  readonly index: ObjectIndex;
  readonly clock: Clock;
}

const FILES_AT_ONCE = 16;
/** Of objects of other datasets, before other work has its turn: about 2 ms. */
export const SLICES_AT_ONCE = 16;
/** Before what looks wrong is looked at again: renames and deletions take less. */
const AGAIN_MS = 100;

export class DatasetScan implements Disposable {
  /** What records and memory say is held, as far as the scan has come. */
  readonly held = new RoaringBitmap32();
  readonly #parts: ScanParts;
  readonly #request: ScanRequest;

  constructor(parts: ScanParts, request: ScanRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  async *run(signal: AbortSignal): AsyncGenerator<ScanBatch, void, undefined> {
    let others = 0;
    for (let last: string | undefined; ;) {
      signal.throwIfAborted();
      // Read and looked at in one turn: of an object that is deleted meanwhile the record would be stale.
      const slice = this.#parts.records.recordsAfter(last, FILES_AT_ONCE);
      if (slice.length === 0) break;
      last = slice.at(-1)?.objectId;
      const looked = await Promise.all(slice.map((one) => this.#look(one, signal)));
      const some = looked.filter((one) => one !== undefined);
      if (some.length > 0) yield merge(some);
      // Where no object is of this dataset nothing above waits.
      else if ((others += 1) % SLICES_AT_ONCE === 0) await this.#parts.clock.sleep(0, signal);
    }
    for await (const problems of this.#strays(signal)) {
      yield { problems, whole: [], objects: 0, readBytes: 0 };
    }
  }

  [Symbol.dispose](): void {
    this.held.dispose();
  }

  async #look(
    { objectId, record }: { objectId: string; record: ObjectRecord },
    signal: AbortSignal,
  ): Promise<ScanBatch | undefined> {
    const references = record.references.filter((it) => it.datasetId === this.#request.datasetId);
    const [reference] = references;
    const file = reference === undefined ? undefined : this.#seen(objectId, record);
    if (reference === undefined || file === undefined) return undefined;
    for (const { first, count } of file.runs) {
      for (const { firstBlock: start } of references) {
        this.held.addRange(start + first, start + first + count);
      }
    }
    const { firstBlock } = reference;
    const { checksums } = this.#request;
    let check = await checkFile(this.#parts.directory, file, { checksums, signal });
    const { readBytes } = check;
    if (check.problem !== undefined) {
      await this.#parts.clock.sleep(AGAIN_MS, signal);
      const now = this.#parts.records.record(objectId);
      const again = now === undefined ? undefined : this.#seen(objectId, now);
      if (again === undefined) return { problems: [], whole: [], objects: 1, readBytes };
      check = await checkFile(this.#parts.directory, again, { checksums, signal });
    }
    const blocks = blockCount(record.sizeBytes, record.blockSizeBytes);
    const isChanged = this.#request.isChanged(firstBlock, blocks);
    const { problem, sizeBytes } = check;
    const isWhole = file.record.complete && !isChanged && problem === undefined;
    return {
      problems:
        problem === undefined || isChanged
          ? []
          : [{ ...problem, objectId, key: record.key, firstBlock, blocks }],
      whole: isWhole ? [{ firstBlock, sizeBytes }] : [],
      objects: 1,
      readBytes,
    };
  }

  /** An object as it is now; undefined where it is just going. */
  #seen(objectId: string, record: ObjectRecord): ScannedFile | undefined {
    const { index, records } = this.#parts;
    if (index.leaving(objectId) !== undefined) return undefined;
    const segment = (number: number, chunks: number) => records.segment(objectId, number, chunks);
    const object = index.inMemory(objectId);
    if (object === undefined)
      return { objectId, record, runs: this.#runs(objectId, record), segment };
    if (object.state === 'dropped') return undefined;
    const isComing = !object.whole && object.recordedBlocks !== object.heldBlocks;
    for (const { datasetId, firstBlock } of isComing ? object.record.references : []) {
      if (datasetId === this.#request.datasetId) this.#request.unsettled(firstBlock, object.blocks);
    }
    return { objectId, record: object.record, runs: [...object.heldRuns()], segment };
  }

  #runs(objectId: string, record: ObjectRecord): BlockRun[] {
    const { sizeBytes, blockSizeBytes, complete } = record;
    const blocks = blockCount(sizeBytes, blockSizeBytes);
    if (complete) return blocks === 0 ? [] : [{ first: 0, count: blocks }];
    const runs: BlockRun[] = [];
    for (let i = 0; i < segmentCount(sizeBytes, blockSizeBytes); i += 1) {
      const chunks = segmentChunks(sizeBytes, blockSizeBytes, i);
      const segment = this.#parts.records.segment(objectId, i, chunks);
      if (segment === undefined) continue;
      for (let block = 0; block < SEGMENT_BLOCKS; block += 1) {
        if (segmentHolds(segment, block))
          runs.push({ first: i * SEGMENT_BLOCKS + block, count: 1 });
      }
    }
    return runs;
  }

  async *#strays(signal: AbortSignal): AsyncGenerator<ScanProblem[], void, undefined> {
    let suspects: Stray[] = [];
    for await (const stray of this.#files(signal)) {
      if (this.#isNamed(stray)) continue;
      suspects.push(stray);
      if (suspects.length < FILES_AT_ONCE) continue;
      yield await this.#lasting(suspects, signal);
      suspects = [];
    }
    if (suspects.length > 0) yield await this.#lasting(suspects, signal);
  }

  async #lasting(strays: readonly Stray[], signal: AbortSignal): Promise<ScanProblem[]> {
    await this.#parts.clock.sleep(AGAIN_MS, signal);
    const problems: ScanProblem[] = [];
    for (const stray of strays) {
      const names = await namesIn(stray.directory);
      if (!names.includes(stray.name) || this.#isNamed(stray)) continue;
      const { objectId } = stray;
      const nowhere = { key: Buffer.alloc(0), firstBlock: 0, blocks: 0 };
      const detail = join(stray.place, stray.name);
      problems.push({ kind: 'file-without-record', objectId, ...nowhere, detail });
    }
    return problems;
  }

  #isNamed({ objectId, incarnation }: Stray): boolean {
    const { index, records } = this.#parts;
    if (!/^[0-9a-f]{40}$/.test(objectId)) return false;
    if (index.inMemory(objectId) !== undefined || index.leaving(objectId) !== undefined)
      return true;
    const record = records.record(objectId);
    if (record === undefined) return false;
    return incarnation === undefined || record.incarnation === incarnation;
  }

  async *#files(signal: AbortSignal): AsyncGenerator<Stray, void, undefined> {
    const { directory } = this.#parts;
    for await (const { name } of await opendir(directory.growingDirectory)) {
      const place = 'growing';
      yield {
        directory: directory.growingDirectory,
        place,
        name,
        ...(parseGrowingName(name) ?? UNNAMED),
      };
    }
    for (const first of await namesIn(directory.completeDirectory)) {
      for (const second of await namesIn(join(directory.completeDirectory, first))) {
        signal.throwIfAborted();
        const place = join('complete', first, second);
        const folder = join(directory.path, place);
        for (const name of await namesIn(folder)) {
          yield { directory: folder, place, name, objectId: name, incarnation: undefined };
        }
      }
    }
  }
}

interface Stray {
  readonly directory: string;
  /** Below the cache directory. */
  readonly place: string;
  readonly name: string;
  readonly objectId: string;
  readonly incarnation: number | undefined;
}

const UNNAMED = { objectId: '', incarnation: undefined };

function merge(looked: readonly ScanBatch[]): ScanBatch {
  return {
    problems: looked.flatMap(({ problems }) => problems),
    whole: looked.flatMap(({ whole }) => whole),
    objects: looked.reduce((sum, { objects }) => sum + objects, 0),
    readBytes: looked.reduce((sum, { readBytes }) => sum + readBytes, 0),
  };
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}
