/**
 * The bytes of one range of one object, across all tries.
 *
 * Always true:
 *   - not a byte is passed on before the head of its answer was found to be of this range of this
 *     object: status, Content-Range, Content-Length, ETag or Last-Modified;
 *   - a try begins where the received bytes stopped, under the same condition;
 *   - no byte beyond the range is passed on.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { LarderError } from '../../common/index.ts';
import type { Delivery } from './delivery.ts';
import type { OriginCounters, OriginRead } from './origin.ts';
import type { AnswerReceiver } from './s3-exchange.ts';
import { badAnswer, header, type S3Subject } from './s3-failures.ts';
import { unquote } from './s3-list-xml.ts';
import { TryFailed } from './try-failed.ts';

export class S3Range {
  readonly #read: OriginRead;
  readonly #delivery: Delivery;
  readonly #counters: OriginCounters;
  #receivedBytes = 0;

  constructor(read: OriginRead, delivery: Delivery, counters: OriginCounters) {
    this.#read = read;
    this.#delivery = delivery;
    this.#counters = counters;
  }

  start(subject: S3Subject): { headers: Record<string, string>; receiver: AnswerReceiver } {
    const { object } = this.#read;
    this.#counters.gets += 1;
    const headers: Record<string, string> = {
      'accept-encoding': 'identity',
      range: `bytes=${this.#firstByte}-${this.#lastByte}`,
    };
    if (object.validator.kind === 'etag') headers['if-match'] = `"${object.validator.etag}"`;
    else headers['if-unmodified-since'] = modifiedBefore(object.mtimeS);
    return { headers, receiver: this.#receiver(subject) };
  }

  get #firstByte(): number {
    return this.#read.offsetBytes + this.#receivedBytes;
  }

  get #lastByte(): number {
    return this.#read.offsetBytes + this.#read.lengthBytes - 1;
  }

  #receiver(subject: S3Subject): AnswerReceiver {
    return {
      head: (status, headers) => {
        this.#checkRange(status, headers, subject);
        this.#checkVersion(headers, subject);
      },
      body: (bytes) => this.#take(bytes, subject),
      end: () => {
        if (this.#firstByte <= this.#lastByte) {
          throw badAnswer(subject, 'again', { missingFromByte: this.#firstByte });
        }
      },
    };
  }

  #take(bytes: Buffer, subject: S3Subject): Promise<void> | undefined {
    this.#counters.bytes += bytes.length;
    if (this.#receivedBytes + bytes.length > this.#read.lengthBytes) {
      throw badAnswer(subject, 'fail', { bytesBeyondRange: true });
    }
    this.#receivedBytes += bytes.length;
    const taken = this.#delivery.give(bytes);
    // Nothing follows: the connection's next answer has nothing to do with this sink.
    return this.#firstByte > this.#lastByte ? undefined : taken;
  }

  #checkRange(status: number, headers: IncomingHttpHeaders, subject: S3Subject): void {
    const { sizeBytes } = this.#read.object;
    const wantedBytes = this.#lastByte - this.#firstByte + 1;
    const contentLength = header(headers, 'content-length');
    const contentRange = header(headers, 'content-range');
    const bad = () => badAnswer(subject, 'again', { status, contentRange, contentLength });
    if (status === 200) {
      // The whole object although a range was asked for: right only where that is the range.
      if (contentLength !== String(sizeBytes)) throw this.#wholeObject(contentLength, subject, bad);
      if (wantedBytes !== sizeBytes) throw bad();
      return;
    }
    const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(contentRange ?? '') ?? [];
    if (status !== 206 || first === undefined) throw bad();
    if (size !== '*' && size !== String(sizeBytes)) {
      throw changed(subject, { expectedSize: sizeBytes, actualSize: size });
    }
    const exact = first === String(this.#firstByte) && last === String(this.#lastByte);
    // A gateway may send chunks without a length; the bytes are counted all the same.
    const rightLength = contentLength === undefined || contentLength === String(wantedBytes);
    if (!exact || !rightLength) throw bad();
  }

  #wholeObject(contentLength: string | undefined, subject: S3Subject, bad: () => TryFailed) {
    if (contentLength === undefined) return bad();
    const { sizeBytes } = this.#read.object;
    return changed(subject, { expectedSize: sizeBytes, actualSize: contentLength });
  }

  /** Again here, because some gateways ignore conditions. */
  #checkVersion(headers: IncomingHttpHeaders, subject: S3Subject): void {
    const { validator, mtimeS } = this.#read.object;
    if (validator.kind === 'etag') {
      const etag = header(headers, 'etag');
      const actualEtag = etag === undefined ? undefined : unquote(etag.replace(/^W\//, ''));
      if (actualEtag !== undefined && actualEtag !== validator.etag) {
        throw changed(subject, { expectedEtag: validator.etag, actualEtag });
      }
      return;
    }
    const modified = header(headers, 'last-modified');
    const modifiedS = Math.floor(Date.parse(modified ?? '') / 1_000);
    if (!Number.isNaN(modifiedS) && modifiedS !== mtimeS) {
      const expectedModified = new Date(mtimeS * 1_000).toUTCString();
      throw changed(subject, { expectedModified, actualModified: modified });
    }
  }
}

/**
 * One second later than the object was modified, which looks odd: a gateway over a file system
 * compares with the fraction that Last-Modified does not show, and answers 412 for a file that did
 * not change (seen with versitygw 1.8). Changes within that second show in Last-Modified.
 */
function modifiedBefore(mtimeS: number): string {
  return new Date((mtimeS + 1) * 1_000).toUTCString();
}

function changed(
  subject: S3Subject,
  facts: Readonly<Record<string, string | number | undefined>>,
): TryFailed {
  return new TryFailed('fail', new LarderError('ORIGIN_CHANGED', { ...subject, ...facts }));
}
