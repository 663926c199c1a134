/** Servers that die with files open in passthrough, between any two steps of an open or a release. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { MountSpec } from '../../fuse-client/index.ts';
import { eventually, FUSE_MISSING, start } from '../support/fuse-mount.ts';
import type { MountUnderTest } from '../support/fuse-mount.ts';
import {
  bytesOf,
  freeBytes,
  manyFiles,
  modeOf,
  PASSTHROUGH,
  readAll,
  readOnce,
  spaceComesBack,
} from '../support/passthrough.ts';
import { SmallDisk } from '../support/small-disk.ts';

const STRACE_MISSING = spawnSync('strace', ['-V']).status === 0 ? undefined : 'needs strace';

describe.skipIf(FUSE_MISSING !== undefined).each(['resend', 'slots'] as const)(
  'passthrough and recovery by %s',
  (recovery) => {
    const options = { ...PASSTHROUGH, mount: { ...PASSTHROUGH.mount, recovery } };

    test('after SIGKILL of the server old handles read on, and the same and new files open', async () => {
      await using mount = manyFiles(3);
      using disk = new SmallDisk(mount.completeDirectory, 'size=64m');
      await mount.start(options);
      const freeBefore = freeBytes(disk.path);
      const objects = ['file-0', 'file-1', 'file-2'].map((name) => mount.complete(name));
      const old = fs.openSync(mount.at('file-0'), 'r');
      for (let kills = 1; kills <= 3; kills++) {
        await replaced(mount, 'SIGKILL');
        expect(readAll(old).equals(bytesOf(mount, 'file-0'))).toBe(true);
        expect(readOnce(mount, 'file-0')).toBe('passthrough');
        expect(readOnce(mount, 'file-1')).toBe('passthrough');
        expect(readOnce(mount, 'file-2')).toBe('passthrough');
      }
      fs.closeSync(old);
      for (const object of objects) fs.unlinkSync(object);
      await spaceComesBack(disk.path, freeBefore);
      expect(modeOf(mount.at('file-0'))).toBe('daemon (incomplete)');
    });

    test('a file is opened and closed all the time while servers are killed', async () => {
      await using mount = manyFiles(2);
      await mount.start(options);
      mount.complete('file-0');
      mount.complete('file-1');
      const reader = start('python3', [
        '-c',
        OPEN_AND_CLOSE,
        mount.at('file-0'),
        mount.at('file-1'),
      ]);
      for (let kills = 1; kills <= 5; kills++) {
        await replaced(mount, 'SIGKILL');
        await sleep(200);
      }
      reader.child.kill('SIGTERM');
      expect(await reader.result).toMatchObject({ stderr: '', stdout: 'opened all the time\n' });
      expect(readOnce(mount, 'file-0')).toBe('passthrough');
    });
  },
);

describe.skipIf(FUSE_MISSING !== undefined)('passthrough and a process that is gone', () => {
  test('while the server hangs, open files are read; its successor knows them', async () => {
    await using mount = manyFiles(2);
    await mount.start(PASSTHROUGH);
    mount.complete('file-0');
    mount.complete('file-1');
    const old = fs.openSync(mount.at('file-0'), 'r');
    const before = mount.serverPid;
    process.kill(before, 'SIGSTOP');
    expect(readAll(old).equals(bytesOf(mount, 'file-0'))).toBe(true);
    expect((await mount.event('server-lost')).why).toBe('silent');
    expect(readOnce(mount, 'file-0')).toBe('passthrough');
    expect(readOnce(mount, 'file-1')).toBe('passthrough');
    fs.closeSync(old);
    expect(mount.serverPid).not.toBe(before);
  });

  test('the holder’s end changes nothing, and then the server’s neither', async () => {
    await using mount = manyFiles(1);
    await mount.start(PASSTHROUGH);
    mount.complete('file-0');
    const old = fs.openSync(mount.at('file-0'), 'r');
    process.kill(mount.holder!.pid!, 'SIGKILL');
    await mount.event('took-over');
    expect(readOnce(mount, 'file-0')).toBe('passthrough');
    await replaced(mount, 'SIGKILL');
    expect(readAll(old).equals(bytesOf(mount, 'file-0'))).toBe(true);
    expect(readOnce(mount, 'file-0')).toBe('passthrough');
    fs.closeSync(old);
  });
});

/**
 * strace holds a serving thread up at the exit of a system call, and then the server is killed: what the
 * call did is done, what follows is not.
 */
describe.skipIf(FUSE_MISSING !== undefined || STRACE_MISSING !== undefined).each([
  ['BACKING_OPEN and the note of its id', 'ioctl', 1],
  ['the note of an open and its reply', 'close', 1],
  ['BACKING_CLOSE and the end of the entry', 'ioctl', 2],
] as const)('a server that is killed between %s', (_, call, when) => {
  test('leaves a file that can be opened, and no backing id', async () => {
    await using mount = manyFiles(1);
    using disk = new SmallDisk(mount.completeDirectory, 'size=64m');
    const freeBefore = freeBytes(disk.path);
    const object = mount.complete('file-0');
    const flag = path.join(mount.work, 'traced');
    fs.writeFileSync(flag, '');
    await mount.start({
      complete: true,
      mount: {
        openMode: 'passthrough',
        threads: 1,
        serverCommand: tracedServer({
          mount,
          flag,
          options: [
            ['-P', call === 'ioctl' ? '/dev/fuse' : object],
            ['-e', `trace=${call}`],
            ['-e', `inject=${call}:delay_exit=60000000:when=${String(when)}`],
          ].flat(),
        }),
      },
    });
    const before = mount.serverPid;
    const reader = start('cmp', [mount.at('file-0'), path.join(mount.tree, 'file-0')]);
    await eventually('a thread that is held up', 10_000, () =>
      isHeldUp(before) ? true : undefined,
    );
    // What follows a release no reader waits for.
    if (when === 1) expect(reader.child.exitCode).toBe(null);
    else await reader.result;
    fs.rmSync(flag);
    const tracer = tracerOf(before);
    const successor = replaced(mount, 'SIGKILL');
    // A tracer that sleeps keeps what it has killed from ending.
    process.kill(tracer, 'SIGKILL');
    await successor;
    expect(await reader.result).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(readOnce(mount, 'file-0')).toBe('passthrough');
    fs.unlinkSync(object);
    await spaceComesBack(disk.path, freeBefore);
  });
});

const OPEN_AND_CLOSE = `
import signal, sys
running = True
def stop(*_):
    global running
    running = False
signal.signal(signal.SIGTERM, stop)
while running:
    for name in sys.argv[1:]:
        with open(name, 'rb', buffering=0) as file:
            file.seek(2999996)
            if len(file.read(100)) != 4: sys.exit('short')
print('opened all the time')
`;

async function replaced(mount: MountUnderTest, signal: NodeJS.Signals): Promise<void> {
  const before = mount.events().filter(({ kind }) => kind === 'server-started').length;
  process.kill(mount.serverPid, signal);
  await mount.event('server-started', before + 1);
}

/** As `MountUnderTest` starts servers; under strace while a file is there. */
function tracedServer(how: {
  readonly mount: MountUnderTest;
  readonly flag: string;
  readonly options: readonly string[];
}): MountSpec['serverCommand'] {
  const { mount, flag, options } = how;
  const program = path.join(import.meta.dirname, '../support/fuse-mount-process.ts');
  const server = [process.execPath, program, 'server', path.join(mount.work, 'spec.json')];
  const strace = ['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...options];
  const script = 'if [ -e "$0" ]; then exec "$@"; fi; shift "$SHIFT"; exec "$@"';
  const shift = `SHIFT=${String(strace.length)}`;
  return ['env', shift, 'sh', '-c', script, flag, ...strace, ...server];
}

function tracerOf(pid: number): number {
  const status = fs.readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^TracerPid:\s*(\d+)$/m.exec(status)?.[1]);
}

/** Whether a thread has been stopped by its tracer for a while. */
function isHeldUp(pid: number): boolean {
  const held = () =>
    fs.readdirSync(`/proc/${String(pid)}/task`).filter((thread) => {
      const stat = fs.readFileSync(`/proc/${String(pid)}/task/${thread}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('t');
    });
  const first = held();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  return held().some((thread) => first.includes(thread));
}
