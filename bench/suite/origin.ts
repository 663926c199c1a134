/**
 * The origin of the comparison: versitygw over a scratch directory, with one large file and a tree
 * of files of 100 KB, all of random bytes. All contenders read the same objects of the same server
 * in the same run; the same bytes stand beside it as plain files.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { MIB } from '../../common/index.ts';
import type { Disposals } from '../../common/index.ts';
import { CREDENTIALS } from '../cluster.ts';
import { freePort, isInstalled, keep, run, waitUntil } from '../processes.ts';

const PART_BYTES = 16 * MIB;
export const BUCKET = 'bench';
export const BIG_FILE = 'file.bin';
export const SMALL_FILE_BYTES = 100_000;
const PER_DIRECTORY = 200;
/** Puts at once. */
const PUTS = 16;

/** The prefixes of the bucket. */
export type Data = 'big' | 'files';

export interface Origin {
  readonly endpoint: string;
  readonly bigBytes: number;
  /** Of `files`, relative, in order. */
  readonly smallFiles: readonly string[];
  /** Has the directories `big` and `files` with the same names and bytes. */
  readonly plainDirectory: string;
  /** What versitygw serves, with the bucket in it. */
  readonly gatewayDirectory: string;
}

export interface OriginOptions {
  readonly scratch: string;
  readonly bigBytes: number;
  readonly smallFiles: number;
}

/** For children: credentials, and no certificate bundle, which only Node can read. */
export function originEnvironment(): NodeJS.ProcessEnv {
  const { AWS_CA_BUNDLE: _, ...env } = process.env;
  return { ...env, ...CREDENTIALS };
}

/** Starts the server and fills it; `stack` ends it. */
export async function startOrigin(stack: Disposals, options: OriginOptions): Promise<Origin> {
  const gatewayDirectory = join(options.scratch, 'origin');
  const plainDirectory = join(options.scratch, 'plain');
  await Promise.all([mkdir(gatewayDirectory), mkdir(join(options.scratch, 'iam'))]);
  const address = `127.0.0.1:${await freePort()}`;
  const endpoint = await startGateway(stack, { directory: gatewayDirectory, address });
  const client = new S3Client({
    endpoint,
    region: CREDENTIALS.AWS_REGION,
    forcePathStyle: true,
    credentials: {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await uploadBig(client, plainDirectory, options.bigBytes);
  const smallFiles = await uploadSmall(client, plainDirectory, options.smallFiles);
  client.destroy();
  const { bigBytes } = options;
  return { endpoint, bigBytes, smallFiles, plainDirectory, gatewayDirectory };
}

/** @returns its endpoint */
export async function startGateway(
  stack: Disposals,
  where: { directory: string; address: string; within?: readonly string[] },
): Promise<string> {
  if (!(await isInstalled('versitygw'))) {
    throw new Error(
      'needs versitygw: go install github.com/versity/versitygw/cmd/versitygw@latest',
    );
  }
  const iamDirectory = join(dirname(where.directory), 'iam');
  // Told to keep connections, as S3 itself does: by default it closes each after one answer, and a new one
  // for every small file was 26 % of what the worker's event loop did in a cold read of 100 KB files.
  const posix = ['--keep-alive', '--quiet', '--iam-dir', iamDirectory, 'posix', where.directory];
  const [program = '', ...args] = [
    ...(where.within ?? []),
    ...['versitygw', '--port', where.address, ...posix],
  ];
  const { AWS_ACCESS_KEY_ID: ROOT_ACCESS_KEY, AWS_SECRET_ACCESS_KEY: ROOT_SECRET_KEY } =
    CREDENTIALS;
  const env = { ...process.env, ROOT_ACCESS_KEY, ROOT_SECRET_KEY };
  const server = stack.use(keep({ program, args, env }));
  const endpoint = `http://${where.address}`;
  await waitUntil('versitygw', async () => {
    const output = server.endedWith();
    if (output !== undefined) throw new Error(`versitygw ended:\n${output}`);
    return answers(endpoint);
  });
  return endpoint;
}

/** Reads all that versitygw serves, so that no cold row waits for the origin's disk. */
export async function warmOrigin({ gatewayDirectory }: Origin): Promise<void> {
  const script = 'find "$1" -type f -exec cat {} + > /dev/null';
  await run({ program: 'sh', args: ['-c', script, 'sh', gatewayDirectory] });
}

/** Random bytes go to the plain file and to the origin, part by part. */
async function uploadBig(client: S3Client, plain: string, sizeBytes: number): Promise<void> {
  const target = { Bucket: BUCKET, Key: `big/${BIG_FILE}` };
  await mkdir(join(plain, 'big'), { recursive: true });
  await using file = await open(join(plain, 'big', BIG_FILE), 'w');
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const parts: CompletedPart[] = [];
  for (let offset = 0; offset < sizeBytes; offset += PART_BYTES) {
    const bytes = randomBytes(Math.min(PART_BYTES, sizeBytes - offset));
    await file.write(bytes);
    const PartNumber = parts.length + 1;
    const part = new UploadPartCommand({ ...target, UploadId, PartNumber, Body: bytes });
    const { ETag } = await client.send(part);
    parts.push({ PartNumber, ...(ETag === undefined ? {} : { ETag }) });
  }
  await client.send(
    new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: parts } }),
  );
}

async function uploadSmall(client: S3Client, plain: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => smallFileName(index));
  for (let first = 0; first < count; first += PUTS) {
    const puts = names.slice(first, first + PUTS).map(async (name) => {
      const bytes = randomBytes(SMALL_FILE_BYTES);
      const path = join(plain, 'files', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      await client.send(
        new PutObjectCommand({ Bucket: BUCKET, Key: `files/${name}`, Body: bytes }),
      );
    });
    await Promise.all(puts);
  }
  return names;
}

function smallFileName(index: number): string {
  const directory = String(Math.floor(index / PER_DIRECTORY)).padStart(3, '0');
  return `d${directory}/f${String(index % PER_DIRECTORY).padStart(4, '0')}.jpg`;
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(1_000) });
    return true;
  } catch {
    return false;
  }
}
