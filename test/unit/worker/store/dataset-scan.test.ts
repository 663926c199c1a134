/** What a scan says of objects in every state, and of what somebody did to their files. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completePath } from '../../../../common/object-paths.ts';
import type { ScanBatch } from '../../../../worker/store/index.ts';
import { Larder, temporaryDirectory } from '../fetching/larder.ts';
import type { LarderOptions } from '../fetching/larder.ts';
import { refOf } from '../fetching/memory-origin.ts';

const MIB = 1024 * 1024;
const SIGNAL = new AbortController().signal;
let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

const whole = refOf('whole', 2 * MIB + 5);
const part = refOf('part', 64 * MIB, { firstBlock: 100 });
const other = refOf('other', MIB, { datasetId: 2, firstBlock: 7 });

async function filled(options: LarderOptions = {}): Promise<Larder> {
  const larder = await Larder.open({ directory, smallObjectBytes: 0, ...options });
  await larder.reader.fetchWhole(whole, SIGNAL);
  await larder.reader.fetchWhole(other, SIGNAL);
  await larder.readsRight(part, 5 * MIB, 10);
  await larder.readsRight(part, 63 * MIB, 10);
  await larder.reader.settled();
  return larder;
}

async function scan(larder: Larder, checksums: boolean, changed: readonly number[] = []) {
  using running = larder.store.scan({
    datasetId: 1,
    checksums,
    isChanged: (first, count) => changed.some((block) => block >= first && block < first + count),
    unsettled: () => undefined,
  });
  const batches: ScanBatch[] = [];
  for await (const batch of running.run(SIGNAL)) batches.push(batch);
  return {
    held: running.held.toArray(),
    problems: batches.flatMap(({ problems }) =>
      problems.map(({ kind, objectId }) => [kind, objectId]),
    ),
    whole: batches.flatMap((batch) => batch.whole),
    objects: batches.reduce((sum, { objects }) => sum + objects, 0),
    readBytes: batches.reduce((sum, { readBytes }) => sum + readBytes, 0),
  };
}

function growingFile(): string {
  const [name = ''] = fs.readdirSync(join(directory, 'growing'));
  return join(directory, 'growing', name);
}

test.each([
  ['while its objects are in memory', false],
  ['after a restart', true],
])('says what is held of one dataset, %s', async (_, again) => {
  if (again) await (await filled())[Symbol.asyncDispose]();
  await using larder = again ? await Larder.open({ directory }) : await filled();
  const seen = await scan(larder, true);
  expect(seen).toEqual({
    held: larder.heldBlocks(1),
    problems: [],
    whole: [{ firstBlock: 0, sizeBytes: whole.sizeBytes }],
    objects: 2,
    readBytes: whole.sizeBytes + 2 * MIB,
  });
  expect(seen.held).toEqual([0, 1, 2, 105, 163]);
});

test('of a growing object sees a file that was cut, and bytes that were changed', async () => {
  await using larder = await filled();
  const file = growingFile();
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, 'x', 5 * MIB + 300_000);
  fs.closeSync(handle);
  expect((await scan(larder, false)).problems).toEqual([]);
  expect((await scan(larder, true)).problems).toEqual([['file-damaged', part.objectId]]);
  fs.truncateSync(file, 63 * MIB);
  expect((await scan(larder, false)).problems).toEqual([['file-size', part.objectId]]);
  fs.rmSync(file);
  expect((await scan(larder, false)).problems).toEqual([['file-missing', part.objectId]]);
  expect((await scan(larder, false, [120])).problems, 'it came or went meanwhile').toEqual([]);
});

test('looks where an unclean stop of the machine has put what was whole', async () => {
  await (await filled({ store: { bootId: 'one' } }))[Symbol.asyncDispose]();
  const killed = await Larder.open({ directory, store: { bootId: 'one' } });
  fs.cpSync(directory, `${directory}-killed`, { recursive: true });
  await killed[Symbol.asyncDispose]();
  fs.rmSync(directory, { recursive: true });
  fs.renameSync(`${directory}-killed`, directory);
  await using larder = await Larder.open({ directory, store: { bootId: 'two' } });
  const seen = await scan(larder, true);
  expect(seen.problems).toEqual([]);
  expect(seen.held).toEqual([0, 1, 2, 105, 163]);
});

test('is not led elsewhere by a symlink in the place of a file', async () => {
  await using larder = await filled();
  const file = completePath(larder.completeDirectory, whole.objectId);
  fs.renameSync(file, `${directory}/elsewhere`);
  fs.symlinkSync(`${directory}/elsewhere`, file);
  expect((await scan(larder, false)).problems).toEqual([['file-unreadable', whole.objectId]]);
});
