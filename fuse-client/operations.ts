/**
 * The file system: one version of a dataset as nodes, names, attributes and values.
 *
 * Reads the manifest and nothing else; knows neither the kernel's structs nor where bytes come from.
 * A node is an ordinal plus one. Every method may throw `PageMissing`, and gives the same answer
 * again once the page is there. Nothing ever changes: it keeps no state of its own.
 */
import { clampLength, emptyAttributes, ERRNO, LarderError } from '../common/index.ts';
import type { DatasetInfo, EntryAttributes, ManifestReader } from '../common/index.ts';
import { ROOT_NODE } from './abi.ts';

/** What the kernel is told of a node; filled in anew by each call. */
export interface NodeAttributes extends EntryAttributes {
  node: number;
}

/** One name of a directory: valid only during the call that shows it. */
export interface NamedNode {
  readonly attributes: NodeAttributes;
  readonly bytes: Buffer;
  readonly nameStart: number;
  readonly nameEnd: number;
  /** Where a listing goes on after this name. */
  readonly cookie: number;
  /** `.` or `..`: the kernel knows these nodes already. */
  readonly isDot: boolean;
}

export interface FileRange {
  readonly ordinal: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Names of the extended attributes that only the source can answer. */
export const SOURCE_XATTRS: ReadonlySet<string> = new Set([
  'user.larder.held',
  'user.larder.status',
]);
const FILE_XATTRS = ['dataset', 'version', 'key', 'validator', 'held', 'status', 'mode'];
const DIRECTORY_XATTRS = ['dataset', 'version', 'key', 'files', 'bytes', 'blocks'];
const PREFIX = 'user.larder.';
/** Cookies 1 and 2 follow `.` and `..`; an entry at place i is followed by i + 3. */
const DOT_COOKIES = 2;
const DOT = Buffer.from('.');
const DOTS = Buffer.from('..');

export class VersionFiles {
  readonly reader: ManifestReader;
  readonly dataset: DatasetInfo;
  readonly version: number;
  readonly #attributes: NodeAttributes = { node: 0, ...emptyAttributes() };

  constructor(reader: ManifestReader, dataset: DatasetInfo, version: number) {
    this.reader = reader;
    this.dataset = dataset;
    this.version = version;
  }

  get totals(): { readonly bytes: number; readonly entries: number } {
    const { bytes, files, directories, symlinks } = this.reader.summary;
    return { bytes, entries: files + directories + symlinks };
  }

  /** The result is overwritten by the next call of any method. @throws {LarderError} `NOT_FOUND` */
  attributes(node: number): NodeAttributes {
    const attributes = this.#attributes;
    this.reader.attributes(ordinalOf(node), attributes);
    attributes.node = node;
    return attributes;
  }

  /** @returns the node, or 0 where there is no such name */
  lookup(directory: number, name: Buffer): number {
    const ordinal = this.reader.lookup(ordinalOf(directory), name);
    return ordinal < 0 ? 0 : ordinal + 1;
  }

  /** Shows the names of a directory, `.` and `..` first, until `visit` returns false. */
  list(directory: number, cookie: number, visit: (entry: NamedNode) => boolean): void {
    const ordinal = ordinalOf(directory);
    if (cookie < 1 && !visit(this.#dot(directory, DOT, 1))) return;
    if (cookie < 2) {
      const { parent } = this.attributes(directory);
      if (!visit(this.#dot(parent + 1, DOTS, 2))) return;
    }
    const shown = {
      attributes: this.#attributes,
      bytes: DOT as Buffer,
      nameStart: 0,
      nameEnd: 0,
      cookie: 0,
      isDot: false,
    };
    this.reader.readdir(ordinal, Math.max(0, cookie - DOT_COOKIES), (item) => {
      this.attributes(item.ordinal + 1);
      shown.bytes = item.bytes;
      shown.nameStart = item.nameStart;
      shown.nameEnd = item.nameEnd;
      shown.cookie = item.index + 1 + DOT_COOKIES;
      return visit(shown);
    });
  }

  symlinkTarget(node: number): Buffer {
    return this.reader.symlinkTarget(ordinalOf(node));
  }

  /** What of a read lies in the file: the kernel asks for whole pages. @throws {LarderError} `IS_A_DIRECTORY` */
  range(node: number, offsetBytes: number, lengthBytes: number): FileRange {
    const { kind, sizeBytes } = this.attributes(node);
    if (kind === 'directory') throw new LarderError('IS_A_DIRECTORY', { node });
    return {
      ordinal: ordinalOf(node),
      offsetBytes,
      lengthBytes: clampLength(offsetBytes, lengthBytes, sizeBytes),
    };
  }

  xattrNames(node: number): readonly string[] {
    const { kind } = this.attributes(node);
    if (kind === 'symlink') return [];
    const names = kind === 'file' ? FILE_XATTRS : DIRECTORY_XATTRS;
    return names.map((name) => PREFIX + name);
  }

  /** A value that the manifest gives; undefined where there is none of that name. */
  xattr(node: number, name: string): string | undefined {
    if (!name.startsWith(PREFIX)) return undefined;
    const what = name.slice(PREFIX.length);
    const { kind } = this.attributes(node);
    const known = kind === 'file' ? FILE_XATTRS : kind === 'directory' ? DIRECTORY_XATTRS : [];
    if (!known.includes(what)) return undefined;
    const ordinal = ordinalOf(node);
    switch (what) {
      case 'dataset':
        return this.dataset.name;
      case 'version':
        return String(this.version);
      case 'key':
        return this.reader.key(ordinal).toString('latin1');
      case 'validator':
        return this.#validator(ordinal);
      case 'mode':
        return 'daemon';
      case 'files':
      case 'bytes':
      case 'blocks':
        return String(this.reader.totals(ordinal)[what]);
      default:
        return undefined;
    }
  }

  #validator(ordinal: number): string {
    const validator = this.reader.validator(ordinal);
    switch (validator.kind) {
      case 'etag':
        return `etag:${validator.etag}`;
      case 'modified':
        return 'modified';
      case 'file':
        return `file:${validator.identity.toString('hex')}`;
    }
  }

  #dot(node: number, name: Buffer, cookie: number): NamedNode {
    const attributes = this.attributes(node);
    const nameEnd = name.length;
    return { attributes, bytes: name, nameStart: 0, nameEnd, cookie, isDot: true };
  }
}

/** How much of a file is on disk, in a word. */
export function heldStatus(heldBytes: number, sizeBytes: number): string {
  if (heldBytes >= sizeBytes) return 'held';
  return heldBytes === 0 ? 'absent' : 'partial';
}

function ordinalOf(node: number): number {
  if (node < ROOT_NODE) throw new LarderError('NOT_FOUND', { node, errno: ERRNO.NOT_FOUND });
  return node - 1;
}
