/**
 * Which files of a version the indices of a plan are, found in its manifest.
 *
 * Always true: other work of the process gets its turn meanwhile; of each file 8 bytes are kept, and of one class at a
 * time its paths.
 */
import { LarderError, STRIPE_BYTES, emptyAttributes } from '../../common/index.ts';
import type { Clock, EntryAttributes, ManifestReader } from '../../common/index.ts';
import { MAX_PLAN_FILES } from '../../common/plans/index.ts';
import type { PlannedFiles } from '../../common/plans/index.ts';
import { Turns } from '../../common/prediction/index.ts';
import { compareInClass, hasExtension } from '../../common/samplers/index.ts';

export interface FoundFiles {
  /** By index. */
  readonly ordinals: Uint32Array;
  readonly firstBlocks: Uint32Array;
  /** Some are owned by stripes. */
  readonly areStriped: boolean;
}

export interface FindOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** An entry takes about a microsecond, with its path two. */
const WEIGHT = 4;

/**
 * @param reader of a manifest that is whole
 * @throws {LarderError} `NOT_FOUND`, `NOT_A_DIRECTORY`, `INVALID_ARGUMENT` where there are no files, or too many
 */
export async function findFiles(
  reader: ManifestReader,
  files: PlannedFiles,
  { clock, signal }: FindOptions,
): Promise<FoundFiles> {
  const found = new Found(reader, new Turns(clock, 0, signal));
  if (files.rule === 'list') {
    for (const path of files.paths) await found.add(pathOf(reader, path), path);
  } else {
    const root = pathOf(reader, files.root);
    const { extensions, rule } = files;
    if (rule === 'image-folder') {
      for (const directory of classesOf(reader, root)) await found.addClass(directory, extensions);
    } else {
      for (const ordinal of reader.files(root)) {
        if (extensions.length === 0 || hasExtension(reader.key(ordinal), extensions)) {
          await found.add(ordinal);
        }
      }
    }
  }
  return found.done();
}

class Found {
  readonly #reader: ManifestReader;
  readonly #turns: Turns;
  readonly #attributes: EntryAttributes = emptyAttributes();
  readonly #ordinals: number[] = [];
  readonly #firstBlocks: number[] = [];
  #areStriped = false;

  constructor(reader: ManifestReader, turns: Turns) {
    this.#reader = reader;
    this.#turns = turns;
  }

  async add(ordinal: number, path?: string): Promise<void> {
    if (this.#turns.isOver(WEIGHT)) await this.#turns.rest();
    const { kind, firstBlock, sizeBytes } = this.#reader.attributes(ordinal, this.#attributes);
    if (kind !== 'file') {
      throw new LarderError('INVALID_ARGUMENT', { path: path ?? ordinal, expected: 'a file' });
    }
    if (this.#ordinals.length === MAX_PLAN_FILES) {
      throw new LarderError('INVALID_ARGUMENT', { what: 'files of a plan', most: MAX_PLAN_FILES });
    }
    this.#ordinals.push(ordinal);
    this.#firstBlocks.push(firstBlock);
    if (sizeBytes > STRIPE_BYTES) this.#areStriped = true;
  }

  async addClass(directory: number, extensions: readonly string[]): Promise<void> {
    const files: { readonly ordinal: number; readonly path: Buffer }[] = [];
    for (const ordinal of this.#reader.files(directory)) {
      if (this.#turns.isOver(WEIGHT)) await this.#turns.rest();
      const path = this.#reader.key(ordinal);
      if (hasExtension(path, extensions)) files.push({ ordinal, path });
    }
    files.sort((a, b) => compareInClass(a.path, b.path));
    for (const { ordinal } of files) await this.add(ordinal);
  }

  done(): FoundFiles {
    if (this.#ordinals.length === 0) {
      throw new LarderError('INVALID_ARGUMENT', { what: 'the plan names no file of this version' });
    }
    return {
      ordinals: Uint32Array.from(this.#ordinals),
      firstBlocks: Uint32Array.from(this.#firstBlocks),
      areStriped: this.#areStriped,
    };
  }
}

function pathOf(reader: ManifestReader, path: string): number {
  const ordinal = reader.find(Buffer.from(path));
  if (ordinal < 0) throw new LarderError('NOT_FOUND', { path });
  return ordinal;
}

/** Directories right below the root, by name. */
function classesOf(reader: ManifestReader, root: number): number[] {
  const classes: { readonly ordinal: number; readonly name: Buffer }[] = [];
  reader.readdir(root, 0, ({ ordinal }) => {
    const { kind, name } = reader.entry(ordinal);
    if (kind === 'directory') classes.push({ ordinal, name: Buffer.from(name) });
    return true;
  });
  return classes.sort((a, b) => Buffer.compare(a.name, b.name)).map(({ ordinal }) => ordinal);
}
