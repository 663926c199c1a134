/** Damage at rest: found by reading again what nobody reads. */
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { completePath } from '../../../../common/object-paths.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { Larder, temporaryDirectory } from '../fetching/larder.ts';
import { contentOf, refOf } from '../fetching/memory-origin.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const SIGNAL = new AbortController().signal;
/** As fast as it can: what is there is read within a moment of the start. */
const FAST = { scrubBytesPerSecond: 1024 * MIB };
let directory: string;

// Nothing here is timed, and a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function flipBit(file: string, at: number): void {
  const fd = fs.openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  fs.readSync(fd, byte, 0, 1, at);
  byte.writeUInt8(byte.readUInt8(0) ^ 1, 0);
  fs.writeSync(fd, byte, 0, 1, at);
  fs.closeSync(fd);
}

test('a bit that flips in an object that nobody reads is found and counted; the next read is right', async () => {
  const whole = refOf('whole', 5 * MIB + 7);
  const small = refOf('small', 300, { firstBlock: 20 });
  const part = refOf('part', 64 * MIB, { firstBlock: 30 });
  const lost = refOf('lost', MIB, { firstBlock: 120 });
  const good = [
    refOf('good', 3 * MIB + 4097, { firstBlock: 140 }),
    refOf('empty', 0, { firstBlock: 150 }),
  ];
  {
    await using larder = await Larder.open({ directory, smallObjectBytes: 0 });
    for (const ref of [whole, small, lost, ...good]) await larder.reader.fetchWhole(ref, SIGNAL);
    await larder.readsRight(part, 40 * MIB, 10);
    await larder.quiet();
  }
  const completeDirectory = join(directory, 'complete');
  flipBit(completePath(completeDirectory, whole.objectId), 5 * MIB + 6);
  flipBit(completePath(completeDirectory, small.objectId), 0);
  fs.rmSync(completePath(completeDirectory, lost.objectId));
  const [growing = ''] = fs.readdirSync(join(directory, 'growing'));
  flipBit(join(directory, 'growing', growing), 40 * MIB + 12_345);

  await using larder = await Larder.open({ directory, smallObjectBytes: 0, store: FAST });
  await expect
    .poll(() => larder.store.disks[0], { timeout: 10_000 })
    .toMatchObject({ damaged: 3, lost: 1, errors: 0 });
  const bad = [whole, small, part, lost];
  for (const { objectId } of bad) {
    await expect.poll(() => larder.reader.held(objectId).heldBytes).toBe(0);
  }
  expect(larder.origin.counters.gets).toBe(0);
  for (const ref of [whole, small, lost, ...good]) expect(await larder.readsRight(ref)).toBe(true);
  expect(await larder.readsRight(part, 40 * MIB, MIB)).toBe(true);
  await larder.quiet();
  const again = new Set(larder.origin.reads.map(({ key }) => key));
  expect([...again].sort()).toEqual(['lost', 'part', 'small', 'whole']);
  expect(larder.store.disks[0]).toMatchObject({ damaged: 3, lost: 1 });
});

test('it keeps to its rate, goes on where it was after a restart, and rests after a round', async () => {
  const refs = Array.from({ length: 6 }, (_, i) =>
    refOf(`r${String(i)}`, 4 * MIB, { firstBlock: 4 * i }),
  );
  {
    await using larder = await Larder.open({ directory });
    for (const ref of refs) await larder.reader.fetchWhole(ref, SIGNAL);
  }
  const clock = new ManualClock();
  const store = { clock, scrubBytesPerSecond: 8 * MIB, hungAfterMs: 1e12 };
  const scrubbed = (larder: Larder) => larder.store.diskCounters.scrubbedBytes;
  const before = await Larder.open({ directory, store });
  while (scrubbed(before) < 10 * MIB) {
    await clock.advance(25);
    expect(scrubbed(before)).toBeLessThanOrEqual((clock.monotonicMs() / 1000 + 1) * 8 * MIB);
  }
  await before[Symbol.asyncDispose]();
  await using larder = await Larder.open({ directory, store });
  const rest = 24 * MIB - scrubbed(before);
  // What was read last may be read again.
  while (scrubbed(larder) < rest) await clock.advance(125);
  for (let i = 0; i < 20; i += 1) await clock.advance(10_000);
  const second = scrubbed(larder);
  expect(second).toBeLessThanOrEqual(rest + MIB);
  while (scrubbed(larder) < second + 24 * MIB) await clock.advance(HOUR_MS / 100);
  expect(larder.store.diskCounters).toMatchObject({ damaged: 0, lost: 0 });
});

test('it sees what the disk has, under good pages in memory', async (context) => {
  const [image, mounted] = [join(directory, 'image'), join(directory, 'disk')];
  fs.writeFileSync(image, '');
  fs.truncateSync(image, 64 * MIB);
  fs.mkdirSync(mounted);
  const made = spawnSync('mkfs.ext4', ['-q', image]);
  if (made.status !== 0 || spawnSync('mount', ['-o', 'loop', image, mounted]).status !== 0) {
    context.skip('needs root, mkfs.ext4 and loop devices');
  }
  try {
    const ref = refOf('under', 2 * MIB);
    const path = { directory: join(mounted, 'cache') };
    {
      await using larder = await Larder.open(path);
      await larder.reader.fetchWhole(ref, SIGNAL);
    }
    execFileSync('sync', ['-f', mounted]);
    const at = fs.readFileSync(image).indexOf(contentOf(ref.key, MIB, 4096));
    expect(at).toBeGreaterThan(0);
    flipBit(image, at);
    await using larder = await Larder.open({ ...path, store: FAST });
    const file = completePath(larder.completeDirectory, ref.objectId);
    expect(fs.readFileSync(file).equals(contentOf(ref.key, 0, 2 * MIB))).toBe(true);
    await expect.poll(() => larder.store.diskCounters.damaged, { timeout: 10_000 }).toBe(1);
    expect(await larder.readsRight(ref)).toBe(true);
  } finally {
    execFileSync('umount', ['-l', mounted]);
  }
});
