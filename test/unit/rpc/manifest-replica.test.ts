import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManifestBuilder, silentLogger, systemClock } from '../../../common/index.ts';
import { ManifestReplica } from '../../../rpc/manifests/index.ts';

let directory: string;
let manifest: Buffer;
/** Pages are held back until it is opened; the footer is not. */
let gate: Promise<void>;
let open: () => void;
let requests: number;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-replica-'));
  const parts: Buffer[] = [];
  const builder = new ManifestBuilder({
    sink: { append: (bytes) => parts.push(Buffer.from(bytes)) },
    blockSizeBytes: 4_194_304,
    onSkip: () => undefined,
  });
  const common = {
    kind: 'file',
    sizeBytes: 5,
    mtimeS: 1,
    mtimeNs: 0,
    mode: 0o644,
    uid: 0,
    gid: 0,
  } as const;
  builder.add({ ...common, key: Buffer.from('file'), validator: { kind: 'modified' } });
  builder.finish();
  manifest = Buffer.concat(parts);
  gate = new Promise((resolve) => (open = resolve));
  requests = 0;
});

afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

const replicate = () =>
  ManifestReplica.open(
    {
      path: path.join(directory, 'manifest'),
      sizeBytes: manifest.length,
      clock: systemClock,
      log: silentLogger,
      async *fetch(offset, length, signal) {
        requests += 1;
        if (offset === 0) {
          const aborted = new Promise<never>((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          });
          await Promise.race([gate, aborted]);
        }
        yield { offset, data: manifest.subarray(offset, offset + length) };
      },
    },
    new AbortController().signal,
  );

test('a requester that goes away does not end the copy that others wait for', async () => {
  await using replica = await replicate();
  const find = (signal: AbortSignal) =>
    replica.withPages(signal, (reader) => reader.find(Buffer.from('file')));
  const leaving = new AbortController();
  const first = find(leaving.signal);
  const second = find(new AbortController().signal);
  leaving.abort();
  await expect(first).rejects.toThrow();
  open();
  expect(await second).toBe(1);
  await expect.poll(() => replica.percent).toBe(100);
});

test('what has arrived is not fetched again after a restart', async () => {
  open();
  {
    await using replica = await replicate();
    await expect.poll(() => replica.percent).toBe(100);
    await replica.copied;
  }
  const before = requests;
  await using again = await replicate();
  expect(again.percent).toBe(100);
  expect(again.reader.find(Buffer.from('file'))).toBe(1);
  expect(requests).toBe(before);
});
