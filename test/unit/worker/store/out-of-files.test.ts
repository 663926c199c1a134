/** The process has no file descriptor left. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../common/index.ts';
import { DiskWatch } from '../../../../worker/store/disk-watch.ts';
import { DiskWriter } from '../../../../worker/store/disk-writer.ts';
import { Larder, temporaryDirectory } from '../fetching/larder.ts';
import { refOf } from '../fetching/memory-origin.ts';

const MIB = 1024 * 1024;
const SIGNAL = new AbortController().signal;

let directory: string;
let taken: number[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  giveBack();
  fs.rmSync(directory, { recursive: true, force: true });
});

/** Takes every file descriptor. */
function take(): void {
  execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=2000:']);
  try {
    for (;;) taken.push(fs.openSync('/dev/null', 'r'));
  } catch (error) {
    expect(error).toMatchObject({ code: 'EMFILE' });
  }
}

function giveBack(): void {
  for (const fd of taken) fs.closeSync(fd);
  taken = [];
}

test('a held object is not lost: its read fails, and succeeds when there are some again', async () => {
  await using larder = await Larder.open({ directory, store: { maxOpenFiles: 1 } });
  const [ref, other] = [refOf('one', 2 * MIB), refOf('two', 2 * MIB, { firstBlock: 10 })];
  for (const each of [ref, other]) await larder.reader.fetchWhole(each, SIGNAL);
  expect(await larder.readsRight(other, 0, 2 * MIB)).toBe(true);
  const stored = larder.store.pin(ref);
  const open = larder.store.pin(other);
  const held = larder.reader.held(ref.objectId).heldBytes;
  // The file of the other one is open: it is not idle while it is read.
  take();
  const busy = larder.store.readChunks(open, 0, 1);
  await expect(larder.store.readChunks(stored, 0, 1)).rejects.toMatchObject({
    code: 'CACHE_IO',
    facts: { problem: 'no file descriptor is left' },
  });
  await busy;
  giveBack();
  expect(larder.reader.held(ref.objectId).heldBytes).toBe(held);
  const before = larder.origin.reads.length;
  expect(await larder.readsRight(ref, 0, 2 * MIB)).toBe(true);
  expect(larder.origin.reads.length).toBe(before);
  larder.store.unpin(stored);
  larder.store.unpin(open);
});

test('files that nobody reads are closed for one that is wanted', async () => {
  await using larder = await Larder.open({ directory, store: { maxOpenFiles: 10 } });
  const refs = [0, 1, 2].map((i) => refOf(`f${String(i)}`, MIB, { firstBlock: 10 * i }));
  for (const ref of refs) await larder.reader.fetchWhole(ref, SIGNAL);
  expect(await larder.readsRight(refs[0]!, 0, MIB)).toBe(true);
  const before = larder.origin.reads.length;
  take();
  expect(await larder.readsRight(refs[1]!, 0, MIB)).toBe(true);
  expect(await larder.readsRight(refs[2]!, 0, MIB)).toBe(true);
  expect(larder.origin.reads.length).toBe(before);
});

test('a writer whose thread cannot start says so, and works when there are some again', async () => {
  const watch = new DiskWatch({ clock: systemClock, hungAfterMs: 60_000, onHung: () => undefined });
  await using writer = new DiskWriter(watch);
  const bytes = () => ({ memory: new ArrayBuffer(4), lengthBytes: 4, offsetBytes: 0 });
  const file = `${directory}/new`;
  take();
  const jobs = [writer.create(file, bytes()), writer.move(file, `${directory}/other`)];
  const outcomes = await Promise.allSettled(jobs);
  giveBack();
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(fs.existsSync(file)).toBe(false);
  expect((await writer.create(file, bytes())).error).toBeUndefined();
  expect(fs.readFileSync(file)).toHaveLength(4);
});
