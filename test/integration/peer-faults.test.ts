/** Workers that hang or lie: readers get the right bytes, in time, from somebody else. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeDataHead, encodeFrame, FRAME } from '../../rpc/frames/index.ts';
import { sendBytes, startRogue } from '../support/rogue-worker.ts';
import type { RogueOptions, RogueWorker } from '../support/rogue-worker.ts';
import { patternBytes } from '../support/s3/object-body.ts';
import { HANG_MS, TestWorkers } from '../support/workers.ts';
import type { TestFile } from '../support/workers.ts';

/** Whole pages, as a disk counts. */
const PAGES = 150 * 4096;

let cluster: TestWorkers;
let rogue: RogueWorker | undefined;

beforeEach(async () => {
  cluster = await TestWorkers.start(['a', 'b']);
});

afterEach(async () => {
  await rogue?.[Symbol.asyncDispose]();
  rogue = undefined;
  await cluster[Symbol.asyncDispose]();
});

/** A file whose owner is the rogue, and the worker that comes after it. */
async function rogueOwns(
  options: Omit<RogueOptions, 'master' | 'name'>,
): Promise<{ file: TestFile; second: string; files: readonly TestFile[] }> {
  // It must not be asked again while a slow machine reads.
  await cluster[Symbol.asyncDispose]();
  cluster = await TestWorkers.start(['a', 'b'], 600_000);
  const files = cluster.put(64, PAGES);
  await cluster.dataset();
  rogue = await startRogue({ master: cluster.master.address, name: 'rogue', ...options });
  const file = await cluster.ownedBy('rogue', files);
  const [, second = ''] = await cluster.candidates(file);
  return { file, second, files };
}

const lies: [string, Omit<RogueOptions, 'master' | 'name'>][] = [
  [
    'damaged bytes',
    {
      answer: async ({ offsetBytes }, reply) => {
        await reply.send(encodeDataHead(reply.requestId, offsetBytes, 1, 4), Buffer.from('oops'));
        await reply.send(encodeFrame(FRAME.END, reply.requestId));
      },
    },
  ],
  [
    'the bytes of another object',
    {
      answer: async ({ offsetBytes, lengthBytes }, reply) => {
        await sendBytes(reply, 'ab'.repeat(20), offsetBytes, Buffer.alloc(lengthBytes));
        await reply.send(encodeFrame(FRAME.END, reply.requestId));
      },
    },
  ],
  [
    'fewer bytes than asked',
    { answer: (_, reply) => reply.send(encodeFrame(FRAME.END, reply.requestId)) },
  ],
  ['another protocol', { protocol: 99, answer: () => Promise.resolve() }],
];

describe.each(lies)('a worker that serves %s', (what, options) => {
  test('is noticed by another worker, counted, told to the master, and avoided', async () => {
    const { files } = await rogueOwns(options);
    for (const next of ['a', 'b']) {
      const before = rogue?.reads() ?? 0;
      const file = await cluster.withCandidates(['rogue', next], files);
      await using reader = await cluster.through([next]);
      expect(await reader.readsRight(file)).toBe(true);
      const asked = (rogue?.reads() ?? 0) - before;
      // What was damaged it was asked for once more, checked.
      expect(asked).toBe({ 'another protocol': 0, 'fewer bytes than asked': 1 }[what] ?? 2);
      const { peers } = await cluster.workerStatus(next);
      // What was fetched is offered to its owner, who may answer badly once more.
      expect(peers.badAnswers).toBeGreaterThan(0);
      expect(peers.lastBadPeer).toBe(rogue?.workerId);
    }
    const known = rogue?.reads();
    await using reader = await cluster.through(['a']);
    for (const other of files.slice(0, 24)) expect(await reader.readsRight(other)).toBe(true);
    expect(rogue?.reads()).toBe(known);
  });

  test('is passed over by a reader', async () => {
    const { files } = await rogueOwns(options);
    await using reader = await cluster.through(['rogue', 'a', 'b']);
    for (const next of ['a', 'b']) {
      const file = await cluster.withCandidates(['rogue', next], files);
      expect(await reader.readsRight(file)).toBe(true);
    }
    // By the reader, and by each of the two workers; then it rests.
    const known = rogue?.reads();
    expect(known).toBeLessThanOrEqual(6);
    for (const other of files.slice(0, 24)) expect(await reader.readsRight(other)).toBe(true);
    expect(rogue?.reads()).toBe(known);
  });
});

test('what a worker gave before it lied is good, and not asked for again', async () => {
  let objectId = '';
  const { file, second } = await rogueOwns({
    answer: async ({ offsetBytes }, reply) => {
      const bytes = patternBytes(file.seed, offsetBytes, 1 << 18);
      await sendBytes(reply, objectId, offsetBytes, bytes);
      await reply.send(encodeDataHead(reply.requestId, offsetBytes + (1 << 18), 1, 1), ONE);
    },
  });
  await using reader = await cluster.through([second]);
  objectId = await reader.objectId(file);
  expect(await reader.readsRight(file)).toBe(true);
  // The rest of the block came from the origin.
  expect(cluster.s3.bytesServed('b', `p/${file.path}`)).toBeLessThan(file.sizeBytes * 2);
});

const ONE = Buffer.alloc(1);

/** A worker in a process of its own. */
async function workerProcess(env: Readonly<Record<string, string>> = {}) {
  const { scratch, master } = cluster;
  const child = scratch.start(
    [
      ...['worker', '--json', '--master', master.address, '--cache-size', '1GiB'],
      ...['--cache-dir', scratch.folder('process'), '--socket', cluster.socketOf('process')],
    ],
    env,
  );
  for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
    if (line === '}') break;
  }
  return {
    node: (await import('node:os')).hostname(),
    send: (signal: NodeJS.Signals) => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

test('a worker that is stopped costs its readers one time-out, and comes back', async () => {
  const files = cluster.put(24, PAGES);
  await cluster.dataset();
  await using stopped = await workerProcess();
  const own: TestFile[] = [];
  for (const file of files) {
    if ((await cluster.candidates(file))[0] === stopped.node) own.push(file);
  }
  expect(own.length).toBeGreaterThan(2);
  const client = cluster.client('a', { readTimeoutMs: 15 * HANG_MS });
  const [first, ...rest] = own;
  if (first === undefined) throw new Error('no file');
  expect(await cluster.readsRight(client, first)).toBe(true);
  stopped.send('SIGSTOP');
  const reads = [first, ...rest].map((file) => cluster.readsRight(client, file));
  expect(await Promise.all(reads)).toEqual(own.map(() => true));
  // Nobody waits for it a second time.
  await using reader = await cluster.through(['a'], { readTimeoutMs: 15 * HANG_MS });
  for (const file of own) expect(await reader.readsRight(file)).toBe(true);
  for (const file of own) expect(cluster.gets(file)).toBeLessThanOrEqual(2);
  stopped.send('SIGCONT');
  for (const file of own) expect(await cluster.readsRight(client, file)).toBe(true);
});

test('an origin that is slow is waited for by one worker, and read once', async () => {
  const files = cluster.put(4, PAGES);
  await cluster.dataset();
  const [file] = files;
  if (file === undefined) throw new Error('no file');
  const [owner, second = ''] = await cluster.candidates(file);
  cluster.s3.faults.add({ action: { kind: 'delay', ms: 2.5 * HANG_MS }, operation: 'get' });
  await using reader = await cluster.through([second]);
  expect(await reader.readsRight(file)).toBe(true);
  expect(cluster.gets(file)).toBe(1);
  expect(await cluster.usedBytes(owner ?? '')).toBe(file.sizeBytes);
});

test('a worker without credentials says so, and the next one fetches', async () => {
  const files = cluster.put(24, PAGES);
  await cluster.dataset();
  await using without = await workerProcess({
    ...{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' },
    ...{ HOME: cluster.scratch.directory, AWS_PROFILE: '' },
  });
  const own: TestFile[] = [];
  for (const file of files) {
    if ((await cluster.candidates(file))[0] === without.node) own.push(file);
  }
  expect(own.length).toBeGreaterThan(2);
  const clients = [cluster.client('a'), cluster.client('b'), cluster.client()];
  const reads = own.flatMap((file) => clients.map((client) => cluster.readsRight(client, file)));
  expect(await Promise.all(reads)).toEqual(reads.map(() => true));
  for (const file of own) expect(cluster.gets(file), file.path).toBe(1);
  const status = await cluster.workerStatus(without.node);
  expect(status.originTroubles).toMatchObject([{ datasetId: 1, code: 'ORIGIN_CREDENTIALS' }]);
  const shown = await cluster.scratch.run(['status', '--master', cluster.master.address]);
  expect(shown.stdout).toMatch(/cannot read the origin of dataset 1, others are asked/);
  // A listing goes to a worker that can.
  await cluster.dataset({}, 'other');
  expect((await cluster.status()).datasets.map(({ name }) => name)).toEqual(['data', 'other']);
});

test('where no worker has credentials the reader is told why at once', async () => {
  const [file] = cluster.put(1, PAGES);
  await cluster.dataset();
  if (file === undefined) throw new Error('no file');
  cluster.s3.credentials = [];
  cluster.s3.anonymous = false;
  const client = cluster.client('a', { readTimeoutMs: 60_000 });
  await expect(cluster.readsRight(client, file)).rejects.toThrow(/^\[ORIGIN_CREDENTIALS\]/);
  cluster.s3.credentials = [{ accessKeyId: 'test', secretAccessKey: 'test-secret' }];
});
