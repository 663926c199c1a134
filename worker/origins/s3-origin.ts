/**
 * A bucket, or the keys below a prefix of it, as an origin.
 *
 * Puts together: listing (`s3-listing.ts`), ranges (`s3-range.ts`), and the channel that both share
 * (`s3-channel.ts`). Object stores promise: an ETag names the content, so what has none is watched by
 * size and Last-Modified only.
 */
import assert from 'node:assert';
import { orAborted } from './abort.ts';
import { Delivery } from './delivery.ts';
import type { ByteSink, ListingBatch, Origin, OriginCounters, OriginRead } from './origin.ts';
import { S3Channel, type S3ChannelOptions } from './s3-channel.ts';
import { listBucket } from './s3-listing.ts';
import { S3Range } from './s3-range.ts';

export interface S3OriginOptions extends Omit<S3ChannelOptions, 'onRefused'> {
  /** Empty, or ending in `/`. */
  readonly prefix: Buffer;
}

export class S3Origin implements Origin {
  readonly counters: OriginCounters = { gets: 0, bytes: 0, refusals: 0 };
  readonly #options: S3OriginOptions;
  readonly #channel: S3Channel;

  constructor(options: S3OriginOptions) {
    this.#options = options;
    this.#channel = new S3Channel({
      ...options,
      onRefused: () => {
        this.counters.refusals += 1;
      },
    });
  }

  list(signal: AbortSignal): AsyncIterable<ListingBatch> {
    const { prefix, tuning } = this.#options;
    return listBucket({
      channel: this.#channel,
      prefix,
      pageKeys: tuning.listPageKeys,
      listers: tuning.listers,
      signal,
    });
  }

  async read(request: OriginRead, sink: ByteSink): Promise<void> {
    const { object, offsetBytes, lengthBytes, signal } = request;
    assert(lengthBytes > 0 && offsetBytes >= 0, 'a read is of at least one byte');
    assert(offsetBytes + lengthBytes <= object.sizeBytes, 'a read lies within its object');
    const delivery = new Delivery(sink);
    const range = new S3Range(request, delivery, this.counters);
    try {
      await this.#channel.get({
        key: Buffer.concat([this.#options.prefix, object.key]),
        query: {},
        signal,
        ready: () => delivery.drained(),
        start: (subject) => range.start(subject),
      });
      const rest = delivery.drained();
      if (rest !== undefined) await orAborted(rest, signal);
    } finally {
      delivery.stop();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel[Symbol.asyncDispose]();
  }
}
