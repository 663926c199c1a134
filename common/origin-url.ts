/**
 * Origin URLs: which kind of origin, and where. Parsing only; nothing is contacted.
 *
 * Always true: a prefix is empty or ends in one `/`, and no segment of it is `.` or `..`, so that
 * what stands below a prefix is decided by comparing bytes.
 */
import { fileURLToPath } from 'node:url';
import { LarderError } from './errors.ts';

export type OriginUrl =
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Empty, or ending in `/`. Taken as it is written: `%20` is three characters of the key. */
      readonly prefix: Buffer;
    }
  | {
      readonly kind: 'directory';
      /** Absolute, decoded from the URL. */
      readonly path: string;
    };

const EXPECTED = 's3://BUCKET/PREFIX or file:///DIRECTORY';

/**
 * @throws {LarderError} `INVALID_ARGUMENT`, or `NOT_YET_AVAILABLE` for `gs://` and `az://`
 */
export function parseOriginUrl(url: string): OriginUrl {
  // Only for what is said of it: a password does not belong there, but may be.
  const origin = url.replace(/^([a-z0-9+.-]*:\/\/)[^/]*@/i, '$1***@');
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/s.exec(url) ?? [];
  switch (scheme) {
    case 's3':
      return parseS3(origin, rest);
    case 'file':
      return parseDirectory(origin);
    case 'gs':
    case 'az':
      throw new LarderError('NOT_YET_AVAILABLE', { origin });
    default:
      throw new LarderError('INVALID_ARGUMENT', { origin, expected: EXPECTED });
  }
}

function parseS3(origin: string, rest: string): OriginUrl {
  const slash = rest.indexOf('/');
  const bucket = slash === -1 ? rest : rest.slice(0, slash);
  const path = slash === -1 ? '' : rest.slice(slash + 1).replace(/\/+$/, '');
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(bucket)) {
    throw new LarderError('INVALID_ARGUMENT', { origin, expected: EXPECTED });
  }
  refuseDots(origin, path);
  return { kind: 's3', bucket, prefix: Buffer.from(path === '' ? '' : `${path}/`) };
}

function parseDirectory(origin: string): OriginUrl {
  const expected =
    'file:///DIRECTORY with three slashes; spaces, #, ? and \\ as %20, %23, %3F and %5C';
  // The parser takes a backslash for a slash and drops control characters: what is checked would not be
  // what is meant.
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\\\u0000-\u001f]/.test(origin))
    throw new LarderError('INVALID_ARGUMENT', { origin, expected });
  const url = URL.parse(origin);
  if (url?.host !== '' || url.search !== '' || url.hash !== '') {
    throw new LarderError('INVALID_ARGUMENT', { origin, expected });
  }
  refuseDots(origin, origin.replaceAll(/%2e/gi, '.').slice('file://'.length));
  try {
    const path = fileURLToPath(url).replace(/(.)\/+$/, '$1');
    if (!path.includes('\0')) return { kind: 'directory', path };
  } catch (cause) {
    throw new LarderError('INVALID_ARGUMENT', { origin, expected }, { cause });
  }
  throw new LarderError('INVALID_ARGUMENT', { origin, expected });
}

function refuseDots(origin: string, path: string): void {
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new LarderError('INVALID_ARGUMENT', {
      origin,
      expected: 'a path without "." and ".." segments',
    });
  }
}
