/**
 * Builds the next version from the old manifest and a new listing, both in the same order, and counts
 * what differs.
 *
 * Always true: an object that is still the same (see `isSameObject`) keeps its block numbers, so
 * what the cluster holds of it stays where it is; every other object gets numbers that were never
 * used in the dataset. Hidden files are compared as well: they may be seen again in a later version.
 */
import assert from 'node:assert';
import type { ListingEntry } from '../dataset.ts';
import type { AddOutcome, ManifestBuilder } from './builder.ts';
import { ManifestCursor } from './cursor.ts';
import {
  KIND_DIRECTORY,
  KIND_FILE,
  KIND_MASK,
  KIND_SYMLINK,
  VALIDATOR_HASH,
  VALIDATOR_MASK,
} from './format.ts';
import { SLASH } from './keys.ts';
import { markerOwner } from './listing-checks.ts';
import { emptyAttributes } from './reader.ts';
import type { ManifestReader } from './reader.ts';
import { ValidatorCode } from './validators.ts';

export interface ManifestRefreshOptions {
  readonly old: ManifestReader;
  /** Made with a `nextBlock` that is at least the old manifest's. */
  readonly builder: ManifestBuilder;
}

/** Files and symlinks, by key. */
export interface ManifestChanges {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Of the unchanged ones, those whose time, mode or owner differs. */
  readonly touched: number;
  /** Directories with a key of their own that came, went, or have another time, mode or owner. */
  readonly directories: number;
  /** The new version would show nothing that the old one does not. */
  readonly identical: boolean;
}

export class ManifestRefresh {
  readonly #old: ManifestReader;
  readonly #builder: ManifestBuilder;
  readonly #cursor: ManifestCursor;
  readonly #validator = new ValidatorCode();
  readonly #attributes = emptyAttributes();
  readonly #keepsNumbers: boolean;
  readonly #counts = { added: 0, removed: 0, changed: 0, unchanged: 0, touched: 0, directories: 0 };
  #more: boolean;

  constructor({ old, builder }: ManifestRefreshOptions) {
    assert(builder.nextBlock >= old.summary.nextBlock, 'numbers are given out once');
    this.#old = old;
    this.#builder = builder;
    this.#cursor = new ManifestCursor(old);
    this.#keepsNumbers = old.summary.blockSizeBytes === builder.blockSizeBytes;
    this.#more = this.#cursor.next();
  }

  /**
   * Adds the next key of the new listing.
   *
   * @throws {LarderError} as `ManifestBuilder.add`, and `MANIFEST_CORRUPT` of the old manifest
   */
  add(entry: ListingEntry): AddOutcome {
    const isOld = this.#advanceTo(entry.key);
    if (entry.kind === 'directory' || entry.key.at(-1) === SLASH)
      return this.#addMarker(entry, isOld);
    if (!isOld) {
      const outcome = this.#builder.add(entry);
      if (outcome === 'added') this.#counts.added += 1;
      return outcome;
    }
    const same = this.#isSameObject(entry);
    const keeps = same && entry.kind === 'file' && this.#keepsNumbers;
    const outcome = this.#builder.add(entry, keeps ? this.#attributes.firstBlock : undefined);
    if (outcome !== 'added') return outcome;
    if (!same) this.#counts.changed += 1;
    else this.#counts.unchanged += 1;
    if (same && !this.#hasSameOwner(entry)) this.#counts.touched += 1;
    this.#more = this.#cursor.next();
    return outcome;
  }

  /** What is left of the old manifest is gone. The builder's `finish` is the caller's to call. */
  finish(): ManifestChanges {
    while (this.#more) this.#passOld();
    const { added, removed, changed, touched, directories } = this.#counts;
    const differences = added + removed + changed + touched + directories;
    return { ...this.#counts, identical: differences === 0 };
  }

  #addMarker(entry: ListingEntry, isOld: boolean): AddOutcome {
    const outcome = this.#builder.add(entry);
    if (outcome !== 'directory') return outcome;
    if (isOld) this.#old.attributes(this.#cursor.ordinal, this.#attributes);
    if (!isOld || !this.#hasSameOwner({ ...entry, ...markerOwner(entry) })) {
      this.#counts.directories += 1;
    }
    if (isOld) this.#more = this.#cursor.next();
    return outcome;
  }

  /** @returns whether the old manifest has this key; the cursor is then at it */
  #advanceTo(key: Buffer): boolean {
    while (this.#more) {
      const order = this.#cursor.compare(key);
      if (order >= 0) return order === 0;
      this.#passOld();
    }
    return false;
  }

  #passOld(): void {
    const { page, slot } = this.#cursor;
    const isDirectory = (page.flags(slot) & KIND_MASK) === KIND_DIRECTORY;
    if (isDirectory) this.#counts.directories += 1;
    else this.#counts.removed += 1;
    this.#more = this.#cursor.next();
  }

  /**
   * Same size and validator; where the validator is weak, the same time too. A symlink: same target.
   * Exactly what makes `objectId` the same under the same settings.
   */
  #isSameObject(entry: ListingEntry): boolean {
    const { page, slot, ordinal } = this.#cursor;
    const attributes = this.#old.attributes(ordinal, this.#attributes);
    const flags = page.flags(slot);
    if ((flags & KIND_MASK) === KIND_SYMLINK) {
      return entry.kind === 'symlink' && entry.symlinkTarget?.equals(page.extra(slot)) === true;
    }
    if ((flags & KIND_MASK) !== KIND_FILE || entry.kind !== 'file') return false;
    const code = this.#validator;
    if (!code.set(entry.validator) || code.flags !== (flags & VALIDATOR_MASK)) return false;
    if (attributes.sizeBytes !== entry.sizeBytes) return false;
    if (code.flags === VALIDATOR_HASH) {
      return code.parts === page.columns.parts[slot] && code.hash.equals(page.hash(slot));
    }
    if (code.extra !== undefined && !code.extra.equals(page.extra(slot))) return false;
    return entry.validator.kind === 'etag' || this.#hasSameTime(entry);
  }

  #hasSameTime({ mtimeS, mtimeNs }: ListingEntry): boolean {
    return this.#attributes.mtimeS === mtimeS && this.#attributes.mtimeNs === mtimeNs;
  }

  #hasSameOwner(entry: ListingEntry): boolean {
    const { mode, uid, gid } = this.#attributes;
    const sameOwner = mode === entry.mode && uid === entry.uid && gid === entry.gid;
    return sameOwner && this.#hasSameTime(entry);
  }
}
