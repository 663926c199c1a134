/** What may be an origin. The worker knows the rest: buckets, endpoints, directories. */
import { LarderError } from '../common/index.ts';

const MAX_ORIGIN_CHARS = 2048;

/** @throws {LarderError} `INVALID_ARGUMENT` */
export function checkOrigin(origin: string): void {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const printable = origin.length <= MAX_ORIGIN_CHARS && !/[\u0000-\u001f\u007f]/.test(origin);
  const known = /^(?:(?:s3|gs|az):\/\/[^/@:?#]+(?:\/.*)?|file:\/\/\/.*)$/.test(origin);
  if (!printable || !known) {
    throw new LarderError('INVALID_ARGUMENT', {
      origin: origin.slice(0, 200),
      expected: 's3://BUCKET/PREFIX or file:///DIRECTORY',
    });
  }
}
