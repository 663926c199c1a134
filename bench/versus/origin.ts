/**
 * The origin of the comparison: versitygw over a scratch directory, with one bucket and one file of
 * random bytes. All contenders read the same object of the same server in the same run.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { MIB } from '../../common/index.ts';
import type { Disposals } from '../../common/index.ts';
import { freePort, keep, waitUntil } from '../processes.ts';

const PART_BYTES = 16 * MIB;
const ACCESS_KEY_ID = 'versus';
const SECRET_ACCESS_KEY = 'versus-secret';

export interface Origin {
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
  /** The same bytes as a plain file on the scratch disk. */
  readonly plainPath: string;
  /** For children: credentials, and no certificate bundle, which only Node can read. */
  readonly env: NodeJS.ProcessEnv;
}

/** Starts the server; `stack` ends it. */
export async function startOrigin(
  stack: Disposals,
  scratch: string,
  sizeBytes: number,
): Promise<Origin> {
  const directory = join(scratch, 'origin');
  const iamDirectory = join(scratch, 'iam');
  await Promise.all([mkdir(directory), mkdir(iamDirectory)]);
  const address = `127.0.0.1:${await freePort()}`;
  const server = stack.use(
    keep({
      program: 'versitygw',
      args: ['--port', address, '--quiet', '--iam-dir', iamDirectory, 'posix', directory],
      env: {
        ...process.env,
        ROOT_ACCESS_KEY: ACCESS_KEY_ID,
        ROOT_SECRET_KEY: SECRET_ACCESS_KEY,
      },
    }),
  );
  const endpoint = `http://${address}`;
  await waitUntil('versitygw', async () => {
    const output = server.endedWith();
    if (output !== undefined) throw new Error(`versitygw ended:\n${output}`);
    return answers(endpoint);
  });
  const place = { endpoint, bucket: 'versus', prefix: 'data', fileName: 'file.bin', sizeBytes };
  const plainPath = join(scratch, 'plain.bin');
  const digest = await upload(place, plainPath);
  return { ...place, plainPath, digest, env: credentials() };
}

function credentials(): NodeJS.ProcessEnv {
  const { AWS_CA_BUNDLE: _, ...env } = process.env;
  return {
    ...env,
    AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    AWS_REGION: 'us-east-1',
  };
}

/** Random bytes go to the plain file and to the origin, part by part. */
async function upload(
  place: Pick<Origin, 'endpoint' | 'bucket' | 'prefix' | 'fileName' | 'sizeBytes'>,
  plainPath: string,
): Promise<string> {
  const client = new S3Client({
    endpoint: place.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
  });
  const target = { Bucket: place.bucket, Key: `${place.prefix}/${place.fileName}` };
  const hash = createHash('sha256');
  await using file = await open(plainPath, 'w');
  await client.send(new CreateBucketCommand({ Bucket: place.bucket }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const parts: CompletedPart[] = [];
  for (let offset = 0; offset < place.sizeBytes; offset += PART_BYTES) {
    const bytes = randomBytes(Math.min(PART_BYTES, place.sizeBytes - offset));
    hash.update(bytes);
    await file.write(bytes);
    const PartNumber = parts.length + 1;
    const part = new UploadPartCommand({ ...target, UploadId, PartNumber, Body: bytes });
    const { ETag } = await client.send(part);
    parts.push({ PartNumber, ...(ETag === undefined ? {} : { ETag }) });
  }
  await client.send(
    new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: parts } }),
  );
  client.destroy();
  return hash.digest('hex');
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(1_000) });
    return true;
  } catch {
    return false;
  }
}
