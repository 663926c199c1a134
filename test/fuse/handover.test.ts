/** An upgrade as holders and servers see it: under readers, with installations that fail, and with kills in it. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMounted } from '../../fuse-client/index.ts';
import { eventually, FUSE_MISSING, MountUnderTest, start } from '../support/fuse-mount.ts';

const BIG_BYTES = 64 << 20;
const TIMINGS = { provenMs: 400, prepareMs: 20_000 };

describe.skipIf(FUSE_MISSING !== undefined).each(['resend', 'slots'] as const)(
  'under readers, recovery by %s',
  (recovery) => {
    let mount: MountUnderTest;
    let md5: string;

    beforeAll(async () => {
      mount = new MountUnderTest((tree) => {
        const bytes = Buffer.alloc(BIG_BYTES);
        for (let at = 0; at < BIG_BYTES; at += 4096) bytes.writeUInt32LE(at, at);
        fs.writeFileSync(path.join(tree, 'big.bin'), bytes);
        md5 = createHash('md5').update(bytes).digest('hex');
        fs.writeFileSync(path.join(tree, 'small.txt'), 'small');
        fs.mkdirSync(path.join(tree, 'many'));
        for (let i = 0; i < 500; i++)
          fs.writeFileSync(path.join(tree, 'many', `f${String(i)}`), String(i));
      });
      // Slow until the upgrades are done.
      mount.rules({ path: 'big.bin', delayMs: 500 });
      await mount.start({ mount: { recovery, timings: TIMINGS } });
    });
    afterAll(async () => {
      await mount[Symbol.asyncDispose]();
    });

    test('three upgrades during one read, with files open, mapped and listed', async () => {
      const reader = start('md5sum', [mount.at('big.bin')]);
      const mapper = start('python3', ['-c', MAPPED, mount.at('small.txt')]);
      const open = fs.openSync(mount.at('small.txt'), 'r');
      const pids = new Set([mount.serverPid]);
      for (let round = 1; round <= 3; round++) {
        mount.upgrade(`next-${String(round)}`);
        const diff = start('diff', ['-r', path.join(mount.tree, 'many'), mount.at('many')]);
        const { serverPid, holder } = await mount.event('took-over', round);
        expect(mount.processes('server')).toEqual([serverPid]);
        await eventually('one holder', 30_000, () =>
          mount.processes('holder').join() === String(holder) ? true : undefined,
        );
        pids.add(serverPid ?? 0);
        expect(await diff.result).toMatchObject({ code: 0, stdout: '', stderr: '' });
        expect(reader.child.exitCode, 'the reader still reads').toBe(null);
      }
      mount.rules();
      expect(pids.size).toBe(4);
      expect(await reader.result).toMatchObject({ code: 0, stderr: '' });
      expect((await reader.result).stdout).toContain(md5);
      mapper.child.kill('SIGTERM');
      expect(await mapper.result).toMatchObject({ code: 0, stdout: 'small' });
      const bytes = Buffer.alloc(5);
      expect(fs.readSync(open, bytes, 0, 5, 0)).toBe(5);
      expect(bytes.toString()).toBe('small');
      fs.closeSync(open);
    });
  },
);

describe.skipIf(FUSE_MISSING !== undefined)('an installation that fails', () => {
  const node = process.execPath;
  const waitsThen = (after: string) => [
    node,
    '-e',
    `process.on('message', ({ kind }) => { if (kind === 'go') ${after} });
     process.send({ kind: 'prepared' });`,
  ];

  test.each<[string, { server?: string[]; holder?: string[] }, string]>([
    ['its holder ends at once', { holder: [node, '-e', 'process.exit(3)'] }, 'ended with 3'],
    ['its holder cannot be run', { holder: ['/no/such/node'] }, 'ENOENT'],
    ['its server ends at once', { server: [node, '-e', 'process.exit(3)'] }, 'exit code 3'],
    ['its server cannot be run', { server: ['/no/such/node'] }, 'ENOENT'],
    [
      'its server says nothing',
      { server: [node, '-e', 'setInterval(() => {}, 1000)'] },
      'not ready in time',
    ],
  ])('%s: the server before serves on', async (_, programs, why) => {
    const timings = { ...TIMINGS, prepareMs: 2500 };
    await using mount = await kitchen().start({ mount: { timings } });
    const before = mount.serverPid;
    mount.upgrade('broken', programs);
    expect(await mount.event('upgrade-failed')).toMatchObject({
      code: 'UPGRADE_FAILED',
      why: expect.stringContaining(why) as unknown,
    });
    expect(fs.readFileSync(mount.at('a'), 'utf8')).toBe('contents');
    expect(mount.processes('server')).toEqual([before]);
    expect(mount.processes('holder')).toEqual([mount.holder!.pid]);
    expect(mount.events().filter(({ kind }) => kind === 'server-lost')).toEqual([]);
  });

  test('its server cannot connect: the server before serves on, and it is said why', async () => {
    await using mount = await kitchen().start({ mount: { timings: TIMINGS } });
    const before = mount.serverPid;
    mount.upgrade('broken', {}, { connectFails: 'ORIGIN_DENIED' });
    expect(await mount.event('upgrade-failed')).toMatchObject({
      code: 'UPGRADE_FAILED',
      why: expect.stringContaining('[ORIGIN_DENIED]') as unknown,
    });
    expect(mount.processes('server')).toEqual([before]);
    expect(fs.readFileSync(mount.at('a'), 'utf8')).toBe('contents');
  });

  test.each([
    ['ends', waitsThen('process.exit(9);'), 'exit code 9'],
    ['hangs', waitsThen('for (;;);'), 'not ready in time'],
  ])(
    'its server %s when it is to serve: one of the installation before serves again, unseen',
    async (_, server, why) => {
      const timings = { ...TIMINGS, silenceMs: 2000, heartbeatMs: 100 };
      await using mount = await kitchen().start({ mount: { timings } });
      mount.rules({ path: 'a', delayMs: 200 });
      const before = mount.serverPid;
      mount.upgrade('broken', { server });
      const reading = readUntil(mount, 'upgrade-failed');
      expect(await mount.event('upgrade-failed')).toMatchObject({
        code: 'UPGRADE_FAILED',
        why: expect.stringContaining(why) as unknown,
      });
      expect(await reading).toEqual(new Set(['contents']));
      expect(mount.serverPid).not.toBe(before);
      await eventually('one server', 30_000, () =>
        mount.processes('server').join() === String(mount.serverPid) ? true : undefined,
      );
      expect(mount.processes('holder')).toEqual([mount.holder!.pid]);
    },
  );

  test('a second upgrade while one is under way is refused, and the first one goes on', async () => {
    await using mount = await kitchen().start({ mount: { timings: TIMINGS } });
    mount.upgrade('first');
    await stage(mount, 'holder');
    mount.upgrade('second');
    expect(await mount.event('upgrade-failed')).toMatchObject({ code: 'UPGRADE_REFUSED' });
    await mount.event('took-over');
    expect(fs.readFileSync(mount.at('a'), 'utf8')).toBe('contents');
  });

  test('a mount that is taken away meanwhile ends with all processes', async () => {
    await using mount = await kitchen().start({ mount: { timings: TIMINGS } });
    mount.upgrade('next');
    await stage(mount, 'server');
    mount.holder!.kill('SIGTERM');
    await eventually('the end of all', 60_000, () => {
      const left = [...mount.processes('holder'), ...mount.processes('server')];
      return left.length === 0 ? true : undefined;
    });
    expect(isMounted(mount.mountpoint)).toBe(false);
  });
});

/** What there is when somebody is killed. */
const STAGES = {
  holder: 'the new holder runs',
  server: 'the new server runs',
  lent: 'the old server is dead',
  done: 'the new holder has the mount',
} as const;
type Stage = keyof typeof STAGES;
type Victim = 'old holder' | 'new holder' | 'old server' | 'new server';

describe.skipIf(FUSE_MISSING !== undefined)('SIGKILL in an upgrade: readers do not notice', () => {
  test.each<[Victim, Stage]>([
    ['old holder', 'holder'],
    ['old holder', 'server'],
    ['old holder', 'lent'],
    ['new holder', 'holder'],
    ['new holder', 'server'],
    ['new holder', 'lent'],
    ['new holder', 'done'],
    ['old server', 'holder'],
    ['old server', 'server'],
    ['new server', 'server'],
    ['new server', 'lent'],
    ['new server', 'done'],
  ])('of the %s once the %s stage is there', async (victim, when) => {
    await using mount = await kitchen().start({
      mount: { timings: { ...TIMINGS, provenMs: 800 } },
    });
    mount.rules({ path: 'a', delayMs: 50 });
    const reader = new AbortController();
    const reading = readWhile(mount, reader.signal);
    const before = { holder: mount.holder!.pid!, server: mount.serverPid };
    mount.upgrade('next');
    await stage(mount, when, before);
    const pid = victimOf(mount, victim, before);
    process.kill(pid, 'SIGKILL');
    await settled(mount);
    await sleep(500);
    reader.abort();
    expect(await reading).toEqual(new Set(['contents']));
    // Whoever has it now does what a holder does.
    const [server = 0] = mount.processes('server');
    process.kill(server, 'SIGKILL');
    expect(fs.readFileSync(mount.at('b'), 'utf8')).toBe('more');
    await settled(mount);
    process.kill(mount.processes('holder')[0] ?? 0, 'SIGTERM');
    await eventually('the end', 60_000, () => (isMounted(mount.mountpoint) ? undefined : true));
  });
});

/** Prints what it has mapped when it is told to end. */
const MAPPED = `
import mmap, signal, sys
file = open(sys.argv[1], 'rb')
data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
def tell(*_):
    sys.stdout.write(data[:].decode()); sys.exit(0)
signal.signal(signal.SIGTERM, tell)
while True: signal.pause()
`;

interface Before {
  readonly holder: number;
  readonly server: number;
}

function kitchen(): MountUnderTest {
  return new MountUnderTest((tree) => {
    fs.writeFileSync(path.join(tree, 'a'), 'contents');
    fs.writeFileSync(path.join(tree, 'b'), 'more');
  });
}

async function stage(mount: MountUnderTest, when: Stage, before?: Before): Promise<void> {
  await eventually(STAGES[when], 60_000, () => {
    switch (when) {
      case 'holder':
        return mount.processes('holder').length > 1 ? true : undefined;
      case 'server':
        return mount.processes('server').length > 1 ? true : undefined;
      case 'lent':
        return mount.processes('server').includes(before?.server ?? 0) ? undefined : true;
      case 'done':
        return mount.events().some(({ kind }) => kind === 'took-over') ? true : undefined;
    }
  });
}

function victimOf(mount: MountUnderTest, victim: Victim, before: Before): number {
  const isNew = (pid: number) => pid !== before.holder && pid !== before.server;
  switch (victim) {
    case 'old holder':
      return before.holder;
    case 'old server':
      return before.server;
    case 'new holder':
      return mount.processes('holder').find(isNew) ?? 0;
    case 'new server':
      return mount.processes('server').find(isNew) ?? 0;
  }
}

/** One holder, one server, for a while: what was started too much has seen that and ended. */
async function settled(mount: MountUnderTest): Promise<void> {
  let sinceMs = performance.now();
  let seen = '';
  await eventually('one holder and one server', 90_000, () => {
    const holders = mount.processes('holder');
    const servers = mount.processes('server');
    const now = `${holders.join()} ${servers.join()}`;
    if (holders.length !== 1 || servers.length !== 1 || now !== seen) sinceMs = performance.now();
    seen = now;
    return performance.now() - sinceMs > 1500 ? true : undefined;
  });
}

/** Reads past the page cache of the kernel; what was read, each once. */
async function readWhile(mount: MountUnderTest, signal: AbortSignal): Promise<Set<string>> {
  const seen = new Set<string>();
  while (!signal.aborted) {
    const dd = start('dd', [`if=${mount.at('a')}`, 'iflag=nocache', 'status=none']);
    const { stdout, stderr } = await dd.result;
    seen.add(stdout + stderr);
  }
  return seen;
}

async function readUntil(mount: MountUnderTest, kind: 'upgrade-failed'): Promise<Set<string>> {
  const controller = new AbortController();
  const reading = readWhile(mount, controller.signal);
  await mount.event(kind);
  controller.abort();
  return await reading;
}
