/**
 * What a plain program does about a cold file: it downloads with undici in 16 ranges of 8 MiB at once, writes
 * them to a file, and lets a second process read that file as far as it is there without a gap.
 *
 *     node main.js ENDPOINT PATH SIZE FILE READERS
 *
 * Prints the seconds from the first request to the last byte in the readers. They run before it begins,
 * as a mount does.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Pool } from 'undici';
import { MIB, systemClock } from '../../../common/index.ts';
import { S3Signer } from '../../../worker/origins/s3-signer.ts';
import { CREDENTIALS } from '../../cluster.ts';

const RANGE_BYTES = 8 * MIB;
const IN_FLIGHT = 16;
const READER = join(import.meta.dirname, 'reader/main.js');

const [endpoint = '', path = '', sizeText, target = '', readersText] = process.argv.slice(2);
const sizeBytes = Number(sizeText);
const readers = await startReaders(Number(readersText));
const pool = new Pool(endpoint, { connections: IN_FLIGHT });
const signer = new S3Signer(CREDENTIALS.AWS_REGION);
const credentials = {
  accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
  secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
};
const since = systemClock.monotonicMs();
const ends = readers.map((reader) => once(reader, 'message'));
await download();
await Promise.all(ends);
process.stdout.write(String((systemClock.monotonicMs() - since) / 1_000));
for (const reader of readers) reader.disconnect();
await pool.close();

/** Each reads its part, as the readers of a mount do. */
async function startReaders(count: number): Promise<ChildProcess[]> {
  const part = Math.floor(sizeBytes / count / MIB) * MIB;
  const started = Array.from({ length: count }, (_, index) =>
    fork(READER, [target, String(index * part), String(part)]),
  );
  await Promise.all(started.map((reader) => once(reader, 'message')));
  return started;
}

async function download(): Promise<void> {
  await using file = await open(target, 'w');
  const arrived: boolean[] = [];
  const ranges = Math.ceil(sizeBytes / RANGE_BYTES);
  let next = 0;
  let contiguous = 0;
  const work = async () => {
    while (next < ranges) {
      const range = next;
      next += 1;
      await fetchRange(file, range * RANGE_BYTES);
      arrived[range] = true;
      while (arrived[contiguous] === true) contiguous += 1;
      const readable = Math.min(sizeBytes, contiguous * RANGE_BYTES);
      for (const reader of readers) reader.send(readable);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

async function fetchRange(file: FileHandle, offset: number): Promise<void> {
  const end = Math.min(sizeBytes, offset + RANGE_BYTES) - 1;
  const range = `bytes=${offset}-${end}`;
  const { host } = new URL(endpoint);
  const unsigned = { host, path, query: {}, headers: { range } };
  const headers = signer.sign(unsigned, credentials, systemClock.wallMs());
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
  if (statusCode !== 206) throw new Error(`the origin answered ${statusCode}`);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  await file.writev(chunks, offset);
}
