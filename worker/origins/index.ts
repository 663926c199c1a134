/** Where bytes come from: S3 buckets and directories, behind one interface. */
import {
  parseOriginUrl,
  type Clock,
  type DatasetSettings,
  type Logger,
  type Random,
} from '../../common/index.ts';
import { DirectoryOrigin } from './directory-origin.ts';
import type { Origin } from './origin.ts';
import { S3Origin } from './s3-origin.ts';
import { compileTuning, type OriginTuning } from './tuning.ts';

export type {
  ByteSink,
  ListingBatch,
  Origin,
  OriginCounters,
  OriginRead,
  OriginReads,
  SkippedKey,
} from './origin.ts';
export { findCredentials, inspectEndpoint } from './s3-inspection.ts';
export type { EndpointInspection } from './s3-inspection.ts';
export type { OriginTuning } from './tuning.ts';

export interface OpenOriginOptions {
  /** `s3://BUCKET/PREFIX` or `file:///DIRECTORY`. */
  readonly origin: string;
  readonly settings: DatasetSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly tuning?: OriginTuning;
}

/**
 * Nothing is contacted before the first list or read.
 *
 * @throws {LarderError} `INVALID_ARGUMENT`, `NOT_YET_AVAILABLE`
 */
export function openOrigin(options: OpenOriginOptions): Origin {
  const url = parseOriginUrl(options.origin);
  if (url.kind === 'directory') return new DirectoryOrigin(url.path);
  const { settings, clock, random, log } = options;
  const { bucket, prefix } = url;
  const tuning = compileTuning(options.tuning ?? {});
  return new S3Origin({ bucket, prefix, settings, clock, random, log, tuning });
}
