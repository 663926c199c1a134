/** What is in daemon mode although passthrough was asked for, and why; and mounts of other modes. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { completePath } from '../../common/index.ts';
import type { ModeDecision, OpenCounts } from '../../fuse-client/index.ts';
import { eventually, FUSE_MISSING, MountUnderTest } from '../support/fuse-mount.ts';
import type { MountTestOptions } from '../support/fuse-mount.ts';
import { Mapping } from '../support/libc.ts';
import {
  bytesOf,
  closed,
  fdsOf,
  FILE_BYTES,
  manyFiles,
  modeOf,
  PASSTHROUGH,
  readOnce,
} from '../support/passthrough.ts';
import { SmallDisk } from '../support/small-disk.ts';

/** What the holder tells of opens; asked again, because it tells once a second. */
async function told(
  mount: MountUnderTest,
  expected: (opens: { decision: ModeDecision; counts: OpenCounts }) => boolean,
): Promise<{ decision: ModeDecision; counts: OpenCounts }> {
  return await eventually('the report of opens', 10_000, () => {
    const event = mount.events().findLast(({ kind }) => kind === 'opens');
    const opens = event as unknown as { decision: ModeDecision; counts: OpenCounts } | undefined;
    return opens !== undefined && expected(opens) ? opens : undefined;
  });
}

describe.skipIf(FUSE_MISSING !== undefined)('daemon mode, and why', () => {
  test('each open is counted with its reason', async () => {
    await using mount = await manyFiles(3).start(PASSTHROUGH);
    mount.complete('file-0');
    readOnce(mount, 'file-0');
    readOnce(mount, 'file-0');
    readOnce(mount, 'file-1');
    const first = fs.openSync(mount.at('file-2'), 'r');
    fs.closeSync(fs.openSync(mount.at('file-2'), 'r'));
    fs.closeSync(first);
    fs.readFileSync(mount.at('empty'));
    const { decision, counts } = await told(mount, ({ counts: { empty } }) => empty === 1);
    expect(decision).toEqual({ mode: 'passthrough', why: 'asked', sampledFiles: 0, smallFiles: 0 });
    expect(counts).toEqual({ passthrough: 2, incomplete: 2, kept: 1, empty: 1 });
  });

  test('asked for: the server reads the file', async () => {
    await using mount = await manyFiles(1).start({ complete: true });
    mount.complete('file-0');
    expect(readOnce(mount, 'file-0')).toBe('daemon (asked)');
    expect(fdsOf(mount, mount.objectId('file-0'))).not.toEqual([]);
  });

  test('no worker’s directory', async () => {
    await using mount = await manyFiles(1).start({ ...PASSTHROUGH, complete: false });
    expect(readOnce(mount, 'file-0')).toBe('daemon (remote)');
  });

  test('no privilege', async () => {
    await using mount = manyFiles(1);
    mount.complete('file-0');
    const program = path.join(import.meta.dirname, '../support/fuse-mount-process.ts');
    await mount.start({
      ...PASSTHROUGH,
      mount: {
        openMode: 'passthrough',
        serverCommand: [
          ...['setpriv', '--bounding-set=-sys_admin', process.execPath, program],
          ...['server', path.join(mount.work, 'spec.json')],
        ],
      },
    });
    expect(readOnce(mount, 'file-0')).toBe('daemon (privilege)');
    expect(modeOf(mount.at('file-0'))).toBe('daemon (privilege)');
    expect(readOnce(mount, 'file-0')).toBe('daemon (privilege)');
  });

  test('a cache on a stacked file system', async () => {
    await using mount = manyFiles(1);
    // An upper layer must not lie on an overlay itself.
    using disk = new SmallDisk(mount.completeDirectory, 'size=64m');
    const layers = ['lower', 'upper', 'work', 'merged'].map((name) => path.join(disk.path, name));
    for (const layer of layers) fs.mkdirSync(layer);
    const [lower, upper, work, merged = ''] = layers;
    const how = `lowerdir=${lower!},upperdir=${upper!},workdir=${work!}`;
    execFileSync('mount', ['-t', 'overlay', '-o', how, 'overlay', merged]);
    try {
      const object = mount.complete('file-0');
      const stacked = completePath(merged, path.basename(object));
      fs.mkdirSync(path.dirname(stacked), { recursive: true });
      fs.copyFileSync(object, stacked);
      await mount.start({ ...PASSTHROUGH, source: { completeDirectory: merged } });
      expect(readOnce(mount, 'file-0')).toBe('daemon (stacked)');
      expect(readOnce(mount, 'file-0')).toBe('daemon (stacked)');
    } finally {
      execFileSync('umount', ['-l', merged]);
    }
  });

  test('more files open than have room: daemon mode until those are closed', async () => {
    const files = 28_700;
    await using mount = new MountUnderTest((tree) => {
      for (let file = 0; file < files; file++) {
        fs.writeFileSync(path.join(tree, String(file).padStart(6, '0')), 'x');
      }
    });
    await mount.start(PASSTHROUGH);
    // Nine whose entries would lie in the same eight places: nodes are numbered from 2 in order of names.
    const buckets = new Map<number, string[]>();
    for (let file = 0; file < files; file++) {
      const bucket = (Math.imul(file + 2, 0x9e37_79b1) >>> 20) & 4095;
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), String(file).padStart(6, '0')]);
    }
    const names = [...buckets.values()].find((all) => all.length >= 9)!.slice(0, 9);
    for (const name of names) mount.complete(name);
    const fds = names.map((name) => fs.openSync(mount.at(name), 'r'));
    const [first = '', last = ''] = [names[0], names.at(-1)];
    const { counts } = await told(mount, ({ counts: { overflow } }) => overflow === 1);
    expect(counts).toEqual({ passthrough: 8, overflow: 1 });
    expect(modeOf(mount.at(first))).toBe('passthrough');
    // Now there is room; but the last one is open in daemon mode without an entry that says so.
    fs.closeSync(fds[0]!);
    await closed(mount, first);
    for (const name of [first, last]) {
      const again = fs.openSync(mount.at(name), 'r');
      expect(modeOf(mount.at(name))).toBe('daemon (overflow)');
      expect(fs.readFileSync(again, 'utf8')).toBe('x');
      fs.closeSync(again);
    }
    fs.closeSync(fds.at(-1)!);
    await eventually('passthrough', 5000, () => {
      const again = fs.openSync(mount.at(last), 'r');
      const mode = modeOf(mount.at(last));
      fs.closeSync(again);
      return mode === 'passthrough' ? true : undefined;
    });
    for (const fd of fds.slice(1, -1)) fs.closeSync(fd);
  });
});

describe.skipIf(FUSE_MISSING !== undefined)('strict integrity', () => {
  test('no file of the cache is read directly', async () => {
    await using mount = manyFiles(1);
    await mount.start({ ...PASSTHROUGH, mount: { ...PASSTHROUGH.mount, integrity: 'strict' } });
    // Only whoever reads it directly would see this.
    fs.writeFileSync(mount.complete('file-0'), Buffer.alloc(FILE_BYTES, 'damaged'));
    mount.rules({ path: 'file-0', log: true, heldAt: { incarnation: 1, toBytes: FILE_BYTES } });
    expect(readOnce(mount, 'file-0')).toBe('daemon (strict)');
    const asked = mount.log().filter((line) => / file-0 /.test(line));
    expect(asked.some((line) => line.startsWith('read '))).toBe(true);
    expect(asked.some((line) => line.startsWith('hold '))).toBe(false);
  });
});

describe.skipIf(FUSE_MISSING !== undefined)('a mount without opens', () => {
  const NONE: MountTestOptions = {
    complete: true,
    mount: { openMode: 'none', timings: { silenceMs: 800, heartbeatMs: 100 } },
  };

  test('opens what it has shown without its server, and goes on after a kill', async () => {
    await using mount = await manyFiles(2).start(NONE);
    mount.complete('file-0');
    expect(readOnce(mount, 'file-0')).toBe('none');
    expect(readOnce(mount, 'file-1')).toBe('none');
    // A read from the server outdates the time of access, and with it the attributes.
    fs.statSync(mount.at('file-0'));
    const server = mount.serverPid;
    process.kill(server, 'SIGSTOP');
    const bytes = fs.readFileSync(mount.at('file-0'));
    process.kill(server, 'SIGCONT');
    expect(bytes.equals(bytesOf(mount, 'file-0'))).toBe(true);
    process.kill(server, 'SIGKILL');
    await mount.event('server-started', 2);
    expect(readOnce(mount, 'file-1')).toBe('none');
    const { decision, counts } = await told(mount, () => true);
    expect(decision.mode).toBe('none');
    expect(counts).toEqual({});
  });

  test('every write fails: the kernel was told that nothing can be written', async () => {
    await using mount = await manyFiles(1).start(NONE);
    const file = mount.at('file-0');
    expect(readOnce(mount, 'file-0')).toBe('none');
    expect(() => fs.openSync(file, 'r+')).toThrow('EROFS');
    expect(() => fs.truncateSync(file, 1)).toThrow('EROFS');
    expect(() => fs.openSync(`${file}.new`, 'w')).toThrow('EROFS');
    expect(() => {
      fs.chmodSync(file, 0o777);
    }).toThrow('EROFS');
  });

  test('an evicted object is let go of, and a mapping of it read on', async () => {
    await using mount = await manyFiles(1).start(NONE);
    const object = mount.complete('file-0');
    const fd = fs.openSync(mount.at('file-0'), 'r');
    using mapping = new Mapping(fd, FILE_BYTES);
    expect(fs.readSync(fd, Buffer.alloc(4096), 0, 4096, 0)).toBe(4096);
    fs.unlinkSync(object);
    fs.appendFileSync(path.join(mount.work, 'evicted'), `${path.basename(object)}\n`);
    await eventually('the fds to be closed', 5000, () =>
      fdsOf(mount, path.basename(object)).length === 0 ? true : undefined,
    );
    expect(mapping.copy().equals(bytesOf(mount, 'file-0'))).toBe(true);
    fs.closeSync(fd);
  });
});

describe.skipIf(FUSE_MISSING !== undefined)('a mount that decides by itself', () => {
  const auto: MountTestOptions = { complete: true, mount: { openMode: 'auto' } };
  const withSmall = (small: number, large: number) =>
    new MountUnderTest((tree) => {
      for (let file = 0; file < small; file++)
        fs.writeFileSync(path.join(tree, `s${String(file)}`), 's');
      for (let file = 0; file < large; file++) {
        fs.writeFileSync(path.join(tree, `l${String(file)}`), Buffer.alloc(1 << 20));
      }
    });

  test('small files: no opens; the successor keeps to it', async () => {
    await using mount = await withSmall(200, 20).start(auto);
    const { decision } = await told(mount, () => true);
    expect(decision).toMatchObject({ mode: 'none', why: 'small-files', sampledFiles: 64 });
    expect(decision.smallFiles).toBeGreaterThan(50);
    expect(modeOf(mount.at('s0'))).toBe('none');
    process.kill(mount.serverPid, 'SIGKILL');
    await mount.event('server-started', 2);
    expect(modeOf(mount.at('s0'))).toBe('none');
  });

  test('large files: passthrough, also beside small ones that are more', async () => {
    await using mount = await withSmall(0, 6).start(auto);
    mount.complete('l0');
    const fd = fs.openSync(mount.at('l0'), 'r');
    expect(modeOf(mount.at('l0'))).toBe('passthrough');
    fs.closeSync(fd);
    const { decision } = await told(mount, () => true);
    expect(decision).toMatchObject({ mode: 'passthrough', why: 'large-files' });
  });

  test('pages of the manifest that are not there yet are fetched', async () => {
    await using mount = await withSmall(200, 20).start({
      ...auto,
      source: { manifestDelayMs: 100 },
    });
    expect(modeOf(mount.at('s0'))).toBe('none');
  });
});
