/**
 * A thread's own view of the manifests on this node's disk: which object a file is, without asking.
 *
 * The main thread brings manifests here, and says where they are. What a view misses, it leaves to the main
 * thread, which fetches it; the next look finds it.
 */
import { LRUCache } from 'lru-cache';
import { emptyAttributes, ManifestReader } from '../../common/index.ts';
import type { DatasetInfo, ObjectRef } from '../../common/index.ts';
import { FilePageSource } from '../../rpc/manifests/index.ts';
import type { FileAddress } from '../../rpc/frames/index.ts';
import type { VersionView } from './messages.ts';

/** With `PAGES` decoded pages of a third of a MiB each, at most 43 MiB for each thread. */
const MAX_VERSIONS = 8;
const PAGES = 16;
/** Files whose object is known: an object id costs more than the look-up. */
const MAX_OBJECTS = 8_192;
/** How many times a version that could not be opened is left alone. */
const RESTING_LOOKS = 1_000;

interface View {
  readonly dataset: DatasetInfo;
  readonly source: FilePageSource;
  readonly reader: ManifestReader;
}

/** What is needed to serve a file. */
export type FileObject = Pick<ObjectRef, 'objectId' | 'sizeBytes'>;

export class ManifestViews {
  readonly #ask: (datasetId: number, version: number) => void;
  readonly #views = new LRUCache<string, View>({
    max: MAX_VERSIONS,
    dispose: (view) => {
      view.source.close();
    },
  });
  readonly #objects = new LRUCache<string, FileObject>({ max: MAX_OBJECTS });
  /** Looks that are left until a version is asked for again. */
  readonly #asked = new Map<string, number>();

  /** @param ask the main thread, which answers with `open` */
  constructor(ask: (datasetId: number, version: number) => void) {
    this.#ask = ask;
  }

  open(datasetId: number, version: number, view: VersionView): void {
    const { dataset, manifestPath, manifestBytes } = view;
    const source = new FilePageSource(manifestPath, manifestBytes);
    try {
      const reader = ManifestReader.open(source, { maxPages: PAGES });
      const key = versionKey(datasetId, version);
      this.#views.set(key, { dataset, source, reader });
      this.#asked.delete(key);
    } catch {
      // The main thread meets it as well, and says what is wrong.
      source.close();
    }
  }

  /** Undefined where this thread cannot say. */
  find({ datasetId, version, ordinal }: FileAddress): FileObject | undefined {
    const key = versionKey(datasetId, version);
    const name = `${key}.${String(ordinal)}`;
    const known = this.#objects.get(name);
    if (known !== undefined) return known;
    const view = this.#views.get(key);
    if (view === undefined) {
      this.#open(key, datasetId, version);
      return undefined;
    }
    const object = objectOf(view, ordinal);
    if (object !== undefined) this.#objects.set(name, object);
    return object;
  }

  #open(key: string, datasetId: number, version: number): void {
    const rest = this.#asked.get(key) ?? 0;
    if (rest > 0) {
      this.#asked.set(key, rest - 1);
      return;
    }
    if (this.#asked.size >= RESTING_LOOKS) this.#asked.clear();
    this.#asked.set(key, RESTING_LOOKS);
    this.#ask(datasetId, version);
  }
}

/** Filled in anew by each look-up. */
const attributes = emptyAttributes();

function objectOf({ reader, dataset }: View, ordinal: number): FileObject | undefined {
  try {
    if (ordinal >= reader.entryCount) return undefined;
    if (reader.attributes(ordinal, attributes).kind !== 'file') return undefined;
    const { objectId, sizeBytes } = reader.objectRef(ordinal, dataset);
    return { objectId, sizeBytes };
  } catch {
    // A page is missing, or damaged: the main thread, which is asked next, brings it, or says so.
    return undefined;
  }
}

function versionKey(datasetId: number, version: number): string {
  return `${String(datasetId)}-${String(version)}`;
}
