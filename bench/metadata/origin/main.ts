/**
 * The synthetic origin as a process: answers ListObjectsV2 from a `KeySpace` and nothing else.
 *
 *     node origin/main.js KEYS      buckets `wide` and `flat`, with so many keys each
 *
 * Sends its endpoint over the channel of its parent. `POST /?generation=2&latency=30`: from now on that generation, each page so many
 * milliseconds after it was asked for. Takes every signature.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeySpace } from '../key-space.ts';

const MAX_KEYS = 1_000;
const SLASH = '/';
/** The character after the slash: what begins so comes after everything below a prefix. */
const AFTER_SLASH = '0';

const files = Number(process.argv[2]);
const spaces = new Map(
  (['wide', 'flat'] as const).map((layout) => [layout as string, new KeySpace(layout, files)]),
);
let latencyMs = 0;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://origin');
  if (request.method === 'POST') {
    latencyMs = Number(url.searchParams.get('latency') ?? latencyMs);
    const generation = Number(url.searchParams.get('generation') ?? 1);
    for (const space of spaces.values()) space.generation = generation;
    response.end();
    return;
  }
  const space = spaces.get(url.pathname.split(SLASH)[1] ?? '');
  if (space === undefined) {
    response.writeHead(404).end('<Error><Code>NoSuchBucket</Code></Error>');
    return;
  }
  void sleep(latencyMs).then(() => {
    response.setHeader('content-type', 'application/xml');
    response.end(page(space, url.searchParams));
  });
});

function page(space: KeySpace, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = Math.min(MAX_KEYS, Number(query.get('max-keys') ?? MAX_KEYS));
  const token = query.get('continuation-token') ?? query.get('start-after') ?? '';
  let place = Math.max(
    space.lowerBound(prefix),
    token === '' ? 0 : placeAfter(space, token, delimiter),
  );
  const parts: string[] = [];
  let last = '';
  let truncated = false;
  while (place < space.places) {
    if (!space.has(place)) {
      place += 1;
      continue;
    }
    const key = space.key(place);
    if (!key.startsWith(prefix)) break;
    if (parts.length === maxKeys) {
      truncated = true;
      break;
    }
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut === -1) {
      last = key;
      parts.push(
        `<Contents><Key>${key.replace('+', '%2B')}</Key><LastModified>${space.modified(place)}</LastModified>` +
          `<ETag>&quot;${space.etag(place)}&quot;</ETag><Size>${space.sizeBytes(place)}</Size>` +
          '<StorageClass>STANDARD</StorageClass></Contents>',
      );
      place += 1;
    } else {
      last = key.slice(0, cut + 1);
      parts.push(`<CommonPrefixes><Prefix>${last}</Prefix></CommonPrefixes>`);
      place = space.lowerBound(last.slice(0, -1) + AFTER_SLASH);
    }
  }
  const next = truncated ? `<NextContinuationToken>${last}</NextContinuationToken>` : '';
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult><EncodingType>url</EncodingType>',
    `<IsTruncated>${truncated}</IsTruncated>${next}`,
    ...parts,
    '</ListBucketResult>',
  ].join('');
}

/** A common prefix is passed as a whole. */
function placeAfter(space: KeySpace, token: string, delimiter: string): number {
  if (delimiter !== '' && token.endsWith(SLASH)) {
    return space.lowerBound(token.slice(0, -1) + AFTER_SLASH);
  }
  const place = space.lowerBound(token);
  return place < space.places && space.key(place) === token ? place + 1 : place;
}

server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
