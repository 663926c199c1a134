import { describe, expect, it } from 'vitest';
import { MalformedListing, parseListing } from '../../../../worker/origins/s3-list-xml.ts';

const page = (inside: string) =>
  Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://x/">${inside}</ListBucketResult>`,
    'latin1',
  );
const last = '<IsTruncated>false</IsTruncated>';
const contents = (key: string, more = '') =>
  `<Contents><Key>${key}</Key><LastModified>2024-01-02T03:04:05.000Z</LastModified><ETag>&quot;abc-2&quot;</ETag><Size>12</Size>${more}</Contents>`;

describe('parseListing', () => {
  it('reads keys, sizes, times, ETags and the token', () => {
    const { keys, nextToken } = parseListing(
      page(
        [
          '<Name>b</Name><Prefix/><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>',
          '<NextContinuationToken>a&amp;b==</NextContinuationToken>',
          contents('a+b%2Bc%FF', '<Owner><ID>x</ID><DisplayName/></Owner>'),
          '<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>',
        ].join(''),
      ),
    );
    expect(nextToken).toBe('a&b==');
    expect(keys).toEqual([
      {
        key: Buffer.from('a b+c\xff', 'latin1'),
        sizeBytes: 12,
        modifiedMs: Date.UTC(2024, 0, 2, 3, 4, 5),
        etag: 'abc-2',
        lossy: false,
      },
    ]);
  });

  it('takes keys as they are where the server ignored encoding-type', () => {
    const { keys } = parseListing(
      page(last + contents('a+%41&amp;&#xA;&#128512;&lt;') + contents('\xff\xfe')),
    );
    expect(keys.map(({ key }) => key)).toEqual([
      Buffer.from('a+%41&\n😀<'),
      Buffer.from([0xff, 0xfe]),
    ]);
  });

  it('marks keys that may have lost bytes', () => {
    const replaced = Buffer.from('a\ufffdb').toString('latin1');
    expect(parseListing(page(last + contents(replaced))).keys[0]?.lossy).toBe(true);
    const coded = `<EncodingType>url</EncodingType>${last}${contents('a%EF%BF%BDb')}`;
    expect(parseListing(page(coded)).keys[0]?.lossy).toBe(false);
  });

  it.each([
    ['no ETag', '', ''],
    ['an empty ETag', '<ETag/>', ''],
    ['a weak ETag, which is none', '<ETag>W/"abc"</ETag>', ''],
    ['an ETag without quotes', '<ETag>abc</ETag>', 'abc'],
  ])('%s', (_name, etag, expected) => {
    const xml = contents('k').replace(/<ETag>.*<\/ETag>/, etag);
    expect(parseListing(page(last + xml)).keys[0]?.etag).toBe(expected);
  });

  it('reads a page with white space and a byte order mark', () => {
    const xml = page(`\n  ${last}\n  ${contents('k')}\n`).toString('latin1');
    expect(parseListing(Buffer.from(`\ufeff${xml}\n`)).keys).toHaveLength(1);
  });

  const malformed: [string, string | Buffer][] = [
    ['nothing', ''],
    ['a page of a proxy', '<!DOCTYPE html><html></html>'],
    ['an error', '<Error><Code>NoSuchBucket</Code></Error>'],
    ['half an answer', page(last + contents('k')).subarray(0, -9)],
    ['something after the end', Buffer.concat([page(last), Buffer.from('<more/>')])],
    ['no IsTruncated', page(contents('k'))],
    ['truncated without a token', page('<IsTruncated>true</IsTruncated>')],
    ['no key', page(`${last}<Contents><Size>1</Size></Contents>`)],
    ['a size that is none', page(last + contents('k').replace('12', '-12'))],
    ['a size beyond 2^53', page(last + contents('k').replace('12', '9007199254740993'))],
    ['a time that is none', page(last + contents('k').replace('2024-01', '2024-99'))],
    ['a broken escape', page(`<EncodingType>url</EncodingType>${last}${contents('a%2')}`)],
    ['an unknown entity', page(last + contents('a&nbsp;b'))],
    ['an entity without an end', page(last + contents('a&amp'))],
    ['a character beyond Unicode', page(last + contents('&#x110000;'))],
    ['an empty <Contents/>', page(`${last}<Contents/>`)],
    ['crossed elements', page(`${last}<Contents><Key>k</Contents></Key>`)],
    ['a comment', page(`${last}<!-- x -->`)],
  ];
  it.each(malformed)('refuses %s', (_name, xml) => {
    expect(() => parseListing(Buffer.from(xml))).toThrow(MalformedListing);
  });
});
