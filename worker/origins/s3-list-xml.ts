/**
 * Reads the XML of a ListObjectsV2 answer.
 *
 * The list request is made here and not by `@aws-sdk/client-s3`, for three reasons: all requests then
 * share one place that retries, slows down and maps errors; keys are bytes, and a gateway that ignores
 * `encoding-type=url` puts bytes into the XML that are not text; and the SDK's parser builds a tree
 * for every page, where 50,000 keys a second are wanted.
 *
 * The text is taken as Latin-1, one character per byte, so bytes survive whatever they are. Strict:
 * what is not an answer of that shape is refused, never guessed at.
 */
import { decodeListedKey } from './key-bytes.ts';

export interface ListedKey {
  readonly key: Buffer;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** As in the answer, with its quotes removed; empty where there is none, or a weak one. */
  readonly etag: string;
  /**
   * The key may have lost bytes: the server ignored `encoding-type=url`, and put U+FFFD where XML
   * cannot hold what the key has (seen with versitygw 1.8 and control characters).
   */
  readonly lossy: boolean;
}

export interface ListedPage {
  readonly keys: ListedKey[];
  /** Common prefixes, where a delimiter was asked for. */
  readonly prefixes: Buffer[];
  /** Undefined on the last page. */
  readonly nextToken: string | undefined;
}

export class MalformedListing extends Error {}

/** @throws {MalformedListing} */
export function parseListing(xml: Buffer): ListedPage {
  const reader = new XmlReader(xml.toString('latin1'));
  reader.openRoot('ListBucketResult');
  const raw: RawKey[] = [];
  const prefixes: string[] = [];
  const fields = { EncodingType: '', IsTruncated: '', NextContinuationToken: '' };
  const parent = 'ListBucketResult';
  for (let name = reader.nextOpen(parent); name !== undefined; name = reader.nextOpen(parent)) {
    if (name === 'Contents') raw.push(readContents(reader));
    else if (name === 'CommonPrefixes') prefixes.push(readPrefix(reader));
    else if (Object.hasOwn(fields, name)) fields[name as keyof typeof fields] = reader.text(name);
    else reader.skip(name);
  }
  reader.end();
  return {
    keys: raw.map((one) => listedKey(one, fields.EncodingType)),
    prefixes: prefixes.map((text) => keyBytes(text, fields.EncodingType)),
    nextToken: nextToken(fields.IsTruncated, fields.NextContinuationToken),
  };
}

/** U+FFFD in UTF-8, one character per byte. */
const REPLACEMENT = '\u00ef\u00bf\u00bd';

interface RawKey {
  Key?: string;
  LastModified?: string;
  ETag?: string;
  Size?: string;
}

function readContents(reader: XmlReader): RawKey {
  const raw: RawKey = {};
  const parent = 'Contents';
  for (let name = reader.nextOpen(parent); name !== undefined; name = reader.nextOpen(parent)) {
    if (name === 'Key' || name === 'LastModified' || name === 'ETag' || name === 'Size') {
      raw[name] = reader.text(name);
    } else {
      reader.skip(name);
    }
  }
  return raw;
}

function readPrefix(reader: XmlReader): string {
  let prefix = '';
  const parent = 'CommonPrefixes';
  for (let name = reader.nextOpen(parent); name !== undefined; name = reader.nextOpen(parent)) {
    if (name === 'Prefix') prefix = reader.text(name);
    else reader.skip(name);
  }
  return prefix;
}

function keyBytes(name: string, encodingType: string): Buffer {
  const key = encodingType === 'url' ? decodeListedKey(name) : Buffer.from(name, 'latin1');
  if (key === undefined) throw new MalformedListing(`the key ${name} is not URL-encoded`);
  return key;
}

function listedKey(raw: RawKey, encodingType: string): ListedKey {
  const { Key: name, Size: size = '', LastModified: modified = '', ETag: etag = '' } = raw;
  if (name === undefined) throw new MalformedListing('a <Contents> has no <Key>');
  const key = keyBytes(name, encodingType);
  const modifiedMs = Date.parse(modified);
  const sizeBytes = /^\d+$/.test(size) ? Number(size) : Number.NaN;
  if (Number.isNaN(modifiedMs)) throw new MalformedListing(`LastModified of ${name}: ${modified}`);
  if (!Number.isSafeInteger(sizeBytes)) throw new MalformedListing(`Size of ${name}: ${size}`);
  const lossy = encodingType !== 'url' && name.includes(REPLACEMENT);
  return { key, sizeBytes, modifiedMs, lossy, etag: etag.startsWith('W/') ? '' : unquote(etag) };
}

function nextToken(isTruncated: string, token: string): string | undefined {
  if (isTruncated === 'false') return undefined;
  if (isTruncated !== 'true') throw new MalformedListing(`IsTruncated: ${isTruncated}`);
  if (token === '') throw new MalformedListing('truncated, but without a NextContinuationToken');
  return token;
}

export function unquote(etag: string): string {
  return /^"(.*)"$/s.exec(etag)?.[1] ?? etag;
}

const NAME = /^[A-Za-z][\w:.-]*$/;
/** White space, and what XML does not allow anyway. */
const SPACE = 0x20;

/** Elements and text, nothing else: no attributes' values, comments, CDATA or document types. */
class XmlReader {
  readonly #xml: string;
  #at: number;
  /** The element that was opened last is `<Name/>`, and not yet passed. */
  #selfClosed = false;

  constructor(xml: string) {
    const start = xml.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
    this.#xml = xml;
    this.#at = start;
    if (xml.startsWith('<?xml', start)) this.#at = this.#find('?>', start) + 2;
  }

  openRoot(name: string): void {
    this.#skipSpace();
    if (this.#open() !== name || this.#selfClosed) throw this.#malformed();
  }

  /** The name of the next child of `parent`; undefined at its end, which is then passed. */
  nextOpen(parent: string): string | undefined {
    if (this.#selfClosed) throw this.#malformed();
    this.#skipSpace();
    if (!this.#xml.startsWith('</', this.#at)) return this.#open();
    if (!this.#xml.startsWith(`${parent}>`, this.#at + 2)) throw this.#malformed();
    this.#at += parent.length + 3;
    return undefined;
  }

  /** The text of the element that was just opened, which is then closed. */
  text(name: string): string {
    if (this.#closeEmpty()) return '';
    const end = this.#find('<', this.#at);
    const text = this.#xml.slice(this.#at, end);
    if (!this.#xml.startsWith(`</${name}>`, end)) throw this.#malformed();
    this.#at = end + name.length + 3;
    return text.includes('&') ? decodeEntities(text) : text;
  }

  /** Past the element that was just opened, whatever is in it. */
  skip(name: string): void {
    if (this.#closeEmpty()) return;
    this.#at = this.#find(`</${name}>`, this.#at) + name.length + 3;
  }

  end(): void {
    this.#skipSpace();
    if (this.#at !== this.#xml.length) throw this.#malformed();
  }

  #open(): string {
    if (this.#xml[this.#at] !== '<') throw this.#malformed();
    const end = this.#find('>', this.#at);
    this.#selfClosed = this.#xml[end - 1] === '/';
    const inside = this.#xml.slice(this.#at + 1, this.#selfClosed ? end - 1 : end);
    const space = inside.search(/\s/);
    const name = space === -1 ? inside : inside.slice(0, space);
    if (!NAME.test(name)) throw this.#malformed();
    this.#at = end + 1;
    return name;
  }

  #closeEmpty(): boolean {
    const empty = this.#selfClosed;
    this.#selfClosed = false;
    return empty;
  }

  #skipSpace(): void {
    while (this.#xml.charCodeAt(this.#at) <= SPACE) this.#at += 1;
  }

  #find(text: string, from: number): number {
    const at = this.#xml.indexOf(text, from);
    if (at === -1) throw this.#malformed();
    return at;
  }

  #malformed(): MalformedListing {
    return new MalformedListing(`not the XML of a listing near byte ${String(this.#at)}`);
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** A character reference above one byte becomes the bytes of its UTF-8, as Latin-1. */
function decodeEntities(text: string): string {
  return text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name) ?? [];
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const character = ENTITIES[name] ?? (code <= 0x10ffff ? String.fromCodePoint(code) : undefined);
    if (character === undefined || !whole.endsWith(';')) {
      throw new MalformedListing(`unknown entity ${whole}`);
    }
    return Buffer.from(character).toString('latin1');
  });
}
