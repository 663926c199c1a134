/** ListObjectsV2: prefix, delimiter, start-after, continuation, pages, `encoding-type=url`. */
import type { Bucket, StoredObject } from './bucket-store.ts';
import { encodeBytes } from './percent.ts';
import { S3Error } from './s3-errors.ts';
import { escapeXml } from './xml.ts';

export interface ListQuery {
  readonly bucketName: string;
  /** Decoded parameters; values are Latin-1, one character per byte. */
  readonly parameters: ReadonlyMap<string, string>;
  /** A fault: the page in reverse order. */
  readonly unsorted: boolean;
}

interface Page {
  readonly objects: StoredObject[];
  readonly commonPrefixes: string[];
  /** The last key or common prefix, where there is more. */
  readonly next: string | undefined;
}

export function listObjectsXml(bucket: Bucket, query: ListQuery): Buffer {
  const { parameters } = query;
  const maxKeys = parseMaxKeys(parameters.get('max-keys'));
  const page = collectPage(bucket, parameters, maxKeys);
  const url = parameters.get('encoding-type') === 'url';
  const name = url ? urlName : rawName;
  const objects = query.unsorted ? page.objects.toReversed() : page.objects;
  const parts = [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    element('Name', escapeXml(query.bucketName)),
    element('Prefix', name(parameters.get('prefix') ?? '')),
    element('KeyCount', String(objects.length + page.commonPrefixes.length)),
    element('MaxKeys', String(maxKeys)),
    url ? element('EncodingType', 'url') : '',
    element('IsTruncated', String(page.next !== undefined)),
    page.next === undefined ? '' : element('NextContinuationToken', tokenOf(page.next)),
    ...objects.map((object) => contents(object, name)),
    ...page.commonPrefixes.map((prefix) =>
      element('CommonPrefixes', element('Prefix', name(prefix))),
    ),
    '</ListBucketResult>',
  ];
  return Buffer.from(parts.join(''), 'latin1');
}

function collectPage(
  bucket: Bucket,
  parameters: ReadonlyMap<string, string>,
  maxKeys: number,
): Page {
  const prefix = parameters.get('prefix') ?? '';
  const delimiter = parameters.get('delimiter') ?? '';
  const token = parameters.get('continuation-token');
  const after = token === undefined ? parameters.get('start-after') : keyOf(token);
  const keys = bucket.sortedKeys;
  const page = { objects: [] as StoredObject[], commonPrefixes: [] as string[] };
  let last: string | undefined;
  const from = after !== undefined && after > prefix ? after : prefix;
  for (let i = lowerBound(keys, from); i < keys.length; i += 1) {
    const key = keys[i] ?? '';
    if (!key.startsWith(prefix)) break;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut === -1 ? undefined : key.slice(0, cut + delimiter.length);
    const position = common ?? key;
    if (position === last || (after !== undefined && position <= after)) continue;
    if (page.objects.length + page.commonPrefixes.length >= maxKeys) return { ...page, next: last };
    const object = bucket.at(key);
    if (common !== undefined) page.commonPrefixes.push(common);
    else if (object !== undefined) page.objects.push(object);
    last = position;
  }
  return { ...page, next: undefined };
}

function contents(object: StoredObject, name: (latin1: string) => string): string {
  const { etag } = object;
  return element(
    'Contents',
    [
      element('Key', name(object.key.toString('latin1'))),
      element('LastModified', new Date(object.lastModifiedMs).toISOString()),
      etag === undefined ? '' : element('ETag', `&quot;${escapeXml(etag)}&quot;`),
      element('Size', String(object.sizeBytes)),
      element('StorageClass', 'STANDARD'),
    ].join(''),
  );
}

/** As AWS does it: a space is `+`, a slash stays. */
function urlName(latin1: string): string {
  return encodeBytes(Buffer.from(latin1, 'latin1'), { keepSlash: true }).replaceAll('%20', '+');
}

function rawName(latin1: string): string {
  return escapeXml(latin1);
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

function tokenOf(latin1Key: string): string {
  return Buffer.from(latin1Key, 'latin1').toString('base64');
}

function keyOf(token: string): string {
  return Buffer.from(token, 'base64').toString('latin1');
}

function parseMaxKeys(text: string | undefined): number {
  if (text === undefined) return 1000;
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', 'max-keys is not a number');
  return Math.min(Number(text), 1000);
}

function lowerBound(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
