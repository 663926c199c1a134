/** Servers that do not last: what readers get, what is said of it, and how the mount comes back. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MountCondition, MountSpec } from '../../fuse-client/index.ts';
import { isMounted } from '../../fuse-client/index.ts';
import { eventually, FUSE_MISSING, MountUnderTest } from '../support/fuse-mount.ts';

const SERVER = path.join(import.meta.dirname, '../support/fuse-mount-process.ts');
const TIMINGS = { backoffMs: 50, maxBackoffMs: 300, giveUpMs: 2500, stableMs: 1500 };

describe.skipIf(FUSE_MISSING !== undefined).each(['resend', 'slots'] as const)(
  'a crash loop, recovery by %s',
  (recovery) => {
    test('reads wait, then fail with EIO while the mount stays, and a server that lasts ends it', async () => {
      await using mount = await kitchen({ recovery, timings: TIMINGS });
      const open = await fs.promises.open(mount.at('b'), 'r');
      const { reading: waiting } = await crash(mount);
      expect(await mount.event('condition')).toBeDefined();
      await expect(waiting).rejects.toMatchObject({ code: 'EIO' });
      // Nobody reads on; a reader that comes now fails at once, whatever it asks for.
      await expect(fs.promises.readFile(mount.at('never seen'))).rejects.toMatchObject({
        code: 'EIO',
      });
      await expect(open.read(Buffer.alloc(4), 0, 4, 0)).rejects.toMatchObject({ code: 'EIO' });
      expect(isMounted(mount.mountpoint)).toBe(true);
      expect(mount.events().some(({ kind }) => kind === 'end')).toBe(false);

      repair(mount);
      expect(await readable(mount, 'a')).toBe('contents');
      expect((await open.read(Buffer.alloc(4), 0, 4, 0)).buffer.toString()).toBe('more');
      await open.close();
      await eventually('a server that lasts', 60_000, () =>
        conditions(mount).at(-1)?.state === 'serving' ? true : undefined,
      );
    });

    test('an upgrade repairs it, and who waits gets right bytes', async () => {
      const timings = { ...TIMINGS, giveUpMs: 60_000, provenMs: 300 };
      await using mount = await kitchen({ recovery, timings });
      const { reading: waiting } = await crash(mount);
      await eventually('the wait', 60_000, () =>
        conditions(mount).some(({ state }) => state === 'waiting') ? true : undefined,
      );
      mount.rules();
      mount.upgrade('next');
      await mount.event('took-over');
      expect(await waiting).toBe('contents');
    });
  },
);

describe.skipIf(FUSE_MISSING !== undefined)('what the holder says', () => {
  test('how often, why, when it tries again, and when reads fail', async () => {
    const giveUpMs = 15_000;
    await using mount = await kitchen({ timings: { ...TIMINGS, giveUpMs } });
    const { reading } = await crash(mount);
    await expect(reading).rejects.toMatchObject({ code: 'EIO' });
    const all = conditions(mount);
    const waits = all.filter((it) => it.state === 'waiting');
    expect(waits.length).toBeGreaterThan(0);
    for (const wait of waits) {
      expect(wait.failures).toBeGreaterThan(8);
      expect(wait.lastError).toBe('exit code 1');
      expect(wait.nextTryInMs).toBeLessThanOrEqual(TIMINGS.maxBackoffMs);
      expect(wait.readsFailInMs).toBeGreaterThan(0);
      expect(wait.readsFailInMs).toBeLessThan(giveUpMs);
    }
    const failing = await eventually('that reads fail is said', 60_000, () =>
      conditions(mount).find((it) => it.state === 'failing'),
    );
    expect(failing).toMatchObject({ readsFailInMs: 0, lastError: 'exit code 1' });
    // It tries on.
    const count = mount.events().filter(({ kind }) => kind === 'server-started').length;
    await mount.event('server-started', count + 2);
  });

  test('a command that cannot be run is a server that does not last', async () => {
    await using mount = await kitchen({ timings: TIMINGS });
    mount.rules();
    mount.upgrade('gone', { server: [path.join(mount.work, 'no such program')] });
    expect(await mount.event('upgrade-failed')).toMatchObject({
      code: 'UPGRADE_FAILED',
      why: expect.stringContaining('ENOENT') as unknown,
    });
    expect(fs.readFileSync(mount.at('a'), 'utf8')).toBe('contents');
  });

  test('a mount that has never answered is given up, and nothing stays', async () => {
    await using mount = await unmounted().start({
      mount: { timings: TIMINGS, serverCommand: ['false'] },
      wait: false,
    });
    expect(await mount.exitCode()).toBe(1);
    expect(mount.events().at(-1)).toMatchObject({ kind: 'end', how: 'gave-up' });
    expect(isMounted(mount.mountpoint)).toBe(false);
  });

  test('a mount whose reads fail is unmounted as any other', async () => {
    await using mount = await kitchen({ timings: TIMINGS });
    const { reading } = await crash(mount);
    await expect(reading).rejects.toMatchObject({ code: 'EIO' });
    mount.holder!.kill('SIGTERM');
    expect(await mount.exitCode()).toBe(0);
    expect(isMounted(mount.mountpoint)).toBe(false);
  });
});

/** Mounted, by servers that end quickly where their specification is away. */
async function kitchen(options: Partial<MountSpec>): Promise<MountUnderTest> {
  const mount = unmounted();
  const spec = path.join(mount.work, 'spec.json');
  const serverCommand = [
    ...['sh', '-c', 'test -e "$0" || exit 1; exec "$@"', spec],
    ...[process.execPath, SERVER, 'server', spec],
  ];
  return await mount.start({ mount: { ...options, serverCommand } });
}

function unmounted(): MountUnderTest {
  return new MountUnderTest((tree) => {
    fs.writeFileSync(path.join(tree, 'a'), 'contents');
    fs.writeFileSync(path.join(tree, 'b'), 'more');
    fs.writeFileSync(path.join(tree, 'never seen'), 'nothing');
  });
}

/** Every server ends with exit code 1 from now on; the returned read was under way before. */
async function crash(mount: MountUnderTest): Promise<{ readonly reading: Promise<string> }> {
  mount.rules({ path: 'a', hang: true, log: true });
  const reading = fs.promises.readFile(mount.at('a'), 'utf8');
  reading.catch(() => undefined);
  await eventually('the read', 60_000, () => (mount.log().length > 0 ? true : undefined));
  const spec = path.join(mount.work, 'spec.json');
  fs.renameSync(spec, `${spec}.away`);
  process.kill(mount.serverPid, 'SIGKILL');
  return { reading };
}

function repair(mount: MountUnderTest): void {
  const spec = path.join(mount.work, 'spec.json');
  mount.rules();
  fs.renameSync(`${spec}.away`, spec);
}

async function readable(mount: MountUnderTest, name: string): Promise<string> {
  const deadlineMs = Date.now() + 60_000;
  for (;;) {
    try {
      return await fs.promises.readFile(mount.at(name), 'utf8');
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

type Condition = Omit<Exclude<MountCondition, { state: 'serving' }>, 'state'> & {
  readonly state: MountCondition['state'];
};

function conditions(mount: MountUnderTest): Condition[] {
  return mount
    .events()
    .filter(({ kind }) => kind === 'condition')
    .map((event) => (event as unknown as { condition: Condition }).condition);
}
