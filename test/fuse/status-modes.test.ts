/** What `larder status` says of how files are opened, of mounts in several modes. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, TestLarder } from '../support/larder.ts';
import { getxattr } from '../support/libc.ts';

const SIZE = 300_000;

let larder: TestLarder;

beforeEach(() => {
  larder = new TestLarder();
});
afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

test('the mode of each mount, why, and its opens', async () => {
  const origin = larder.folder('origin');
  for (const name of ['a', 'b', 'c']) {
    fs.writeFileSync(path.join(origin, name), Buffer.alloc(SIZE, name));
  }
  const auto = await larder.up(`file://${origin}`);
  expect(await fs.promises.readFile(path.join(auto, 'a'))).toHaveLength(SIZE);
  expect(getxattr(path.join(auto, 'a'), 'user.larder.mode')).toBe('none');
  const mountpoint = larder.folder('passthrough');
  await larder.ok(['mount', 'origin', mountpoint, '--open-mode', 'passthrough', '--detach']);
  try {
    const file = path.join(mountpoint, 'a');
    await eventually(() =>
      getxattr(file, 'user.larder.mode') === 'passthrough' ? true : undefined,
    );
    expect((await fs.promises.readFile(file)).equals(Buffer.alloc(SIZE, 'a'))).toBe(true);
    expect(await fs.promises.readFile(path.join(mountpoint, 'b'))).toHaveLength(SIZE);
    const mounts = await eventually(async () => {
      const { mounts: seen } = await larder.status();
      const opens = seen.find((mount) => mount.mountpoint === mountpoint)?.opens ?? {};
      return opens['incomplete'] === 1 ? seen : undefined;
    });
    expect(mounts.find((mount) => mount.mountpoint === auto)).toMatchObject({
      integrity: 'standard',
      openMode: { mode: 'none', why: 'small-files', sampledFiles: 3, smallFiles: 3 },
      opens: {},
    });
    expect(mounts.find((mount) => mount.mountpoint === mountpoint)).toMatchObject({
      openMode: { mode: 'passthrough', why: 'asked' },
      opens: { passthrough: 1, incomplete: 1 },
    });
    const shown = await larder.ok(['status']);
    expect(shown).toContain('none (3 of 3 files below 1 MiB)');
    expect(shown).toMatch(/PASSTHROUGH OPENS +DAEMON OPENS +WHY\n\S+ +1 +1 +incomplete 1\n/);
  } finally {
    await larder.ok(['umount', mountpoint]);
  }
});
