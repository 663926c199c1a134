/**
 * Where a bucket is: endpoint, path or virtual-host style, and region, as the AWS SDK finds them from
 * the dataset's settings, the environment and profiles.
 *
 * The SDK is asked by preparing a HeadBucket request that is never sent: its middleware stops right
 * before the signature and looks at where the request would go. So all of AWS's rules (partitions,
 * dotted buckets, AWS_ENDPOINT_URL, profiles' endpoint_url) hold here without being written again.
 */
import { HeadBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { DatasetSettings } from '../../common/index.ts';

export interface S3Location {
  /** `https://host` or `http://host:port`. */
  readonly endpoint: string;
  /** Before the key; `/` where the bucket is in the host's name, else `/bucket/`. */
  readonly basePath: string;
  readonly region: string;
}

/** Used where nothing names one: AWS answers with the bucket's, gateways rarely care. */
const DEFAULT_REGION = 'us-east-1';

/** @param region instead of what the settings and the environment say */
export async function locateBucket(
  bucket: string,
  settings: DatasetSettings,
  region?: string,
): Promise<S3Location> {
  const profile = /^profile:(.+)$/s.exec(settings.credentials)?.[1];
  const config: S3ClientConfig = {
    credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
    ...(profile === undefined ? {} : { profile }),
    ...(settings.endpoint === '' ? {} : { endpoint: settings.endpoint }),
  };
  const found = region ?? (settings.region || (await findRegion(config)));
  const pathStyle =
    settings.pathStyle === 'auto' ? settings.endpoint !== '' : settings.pathStyle === 'true';
  const prepare = (forcePathStyle: boolean) =>
    prepareRequest(bucket, { ...config, region: found, forcePathStyle });
  const location = await prepare(pathStyle);
  const custom = !/\.amazonaws\.com(\.cn)?$/.test(new URL(location.endpoint).hostname);
  return settings.pathStyle === 'auto' && !pathStyle && custom ? prepare(true) : location;
}

async function findRegion(config: S3ClientConfig): Promise<string> {
  const client = new S3Client(config);
  try {
    return await client.config.region();
  } catch {
    return DEFAULT_REGION;
  } finally {
    client.destroy();
  }
}

interface PreparedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

async function prepareRequest(bucket: string, config: S3ClientConfig): Promise<S3Location> {
  const client = new S3Client(config);
  let prepared: PreparedRequest | undefined;
  client.middlewareStack.add(
    () => (args) => {
      prepared = args.request as PreparedRequest;
      return Promise.resolve({ response: {}, output: { $metadata: {} } });
    },
    { step: 'build', priority: 'high', name: 'stopBeforeSending' },
  );
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
  if (prepared === undefined) throw new Error('the SDK prepared no request');
  const { protocol, hostname, port, path } = prepared;
  const host = port === undefined ? hostname : `${hostname}:${String(port)}`;
  return {
    endpoint: new URL(`${protocol}//${host}`).origin,
    basePath: path.endsWith('/') ? path : `${path}/`,
    region: typeof config.region === 'string' ? config.region : DEFAULT_REGION,
  };
}
