import { expect, test } from 'vitest';
import { judgeSkew } from '../../../../cli/doctor/clock.ts';
import { judgeFileSystem } from '../../../../cli/doctor/file-systems.ts';
import { kernelRelease, passthrough, passthroughPrivilege } from '../../../../cli/doctor/kernel.ts';
import { openFiles } from '../../../../cli/doctor/limits.ts';
import { memoryLimit } from '../../../../cli/doctor/memory.ts';
import { judgeTimeouts } from '../../../../cli/doctor/request-timeouts.ts';
import { compareVersions, nodeVersion } from '../../../../cli/doctor/versions.ts';

test.each([
  ['7.0.1', 'ok'],
  ['6.9.0-1-cloud', 'ok'],
  ['6.8.12', 'note'],
  ['5.15.0-1053-aws', 'note'],
  ['4.20.0', 'note'],
  ['4.19.300', 'warning'],
  ['4.18.0-553.el8', 'warning'],
])('kernel %s: %s', (release, level) => {
  expect(kernelRelease(release).level).toBe(level);
});

test.each([
  ['6.8.0', 'CONFIG_FUSE_PASSTHROUGH=y', 'note', 'comes with'],
  ['6.9.0', 'CONFIG_FUSE_PASSTHROUGH=y\n', 'ok', 'has FUSE passthrough'],
  ['6.9.0', '# CONFIG_FUSE_PASSTHROUGH is not set\n', 'note', 'was built without'],
  ['6.9.0', '', 'note', 'cannot be seen'],
])('passthrough on %s with %j: %s', (release, config, level, what) => {
  const found = passthrough(release, config);
  expect(found.level).toBe(level);
  expect(found.what).toContain(what);
});

test.each([
  ['CapEff:\t000001ffffffffff', '         0          0 4294967295\n', []],
  ['CapEff:\t0000000000000000', '         0          0 4294967295\n', ['note']],
  // Root of a user namespace.
  ['CapEff:\t000001ffffffffff', '         0       1000          1\n', ['note']],
  ['', '', ['note']],
])('passthrough with %j and %j', (status, uidMap, levels) => {
  expect(passthroughPrivilege(status, uidMap).map(({ level }) => level)).toEqual(levels);
});

test.each([
  [undefined, undefined, 'ok'],
  [0, 0, 'ok'],
  [20, 0, 'problem'],
  // Without a default the maximum is taken for one.
  [0, 30, 'problem'],
  [600, 30, 'problem'],
  [60, 0, 'warning'],
  [600, 0, 'note'],
  // The kernel takes less than 15 s as 15 s; reads of 1 s have time enough, with little to spare.
])('request time-outs default %s, max %s: %s', (defaultS, maxS, level) => {
  const times = { readTimeoutMs: 30_000, hungAfterMs: 10_000 };
  expect(judgeTimeouts({ defaultS, maxS, ...times }).level).toBe(level);
});

test('a request time-out below 15 s counts as 15 s', () => {
  const times = { readTimeoutMs: 1_000, hungAfterMs: 1_000 };
  const found = judgeTimeouts({ defaultS: 1, maxS: 0, ...times });
  expect(found.level).toBe('warning');
  expect(found.what).toContain('a request of 15 s');
});

test.each([
  ['ext4', 'ok'],
  ['xfs', 'ok'],
  ['btrfs', 'note'],
  ['overlay', 'warning'],
  ['tmpfs', 'warning'],
  ['nfs4', 'problem'],
  ['lustre', 'problem'],
  ['fuse.sshfs', 'problem'],
  ['fuse.fuse-overlayfs', 'warning'],
  ['somethingfs', 'note'],
])('a cache on %s: %s', (type, level) => {
  expect(judgeFileSystem('/cache', type, '/').level).toBe(level);
});

test.each([
  [0.4, 'ok', 'agree within 2 s'],
  [-29, 'ok', '29 s ahead of'],
  [31, 'warning', '31 s behind'],
  [-899, 'warning', '899 s ahead of'],
  [900, 'problem', 'RequestTimeTooSkewed'],
])('the other clock %d s ahead: %s', (aheadS, level, what) => {
  const found = judgeSkew('the origin', aheadS, 900);
  expect(found.level).toBe(level);
  expect(found.what).toContain(what);
});

test.each([
  ['Max open files            1024                 1048576              files', 'ok'],
  ['Max open files            1024                 unlimited            files', 'ok'],
  ['Max open files            1024                 1024                 files', 'warning'],
  ['', 'note'],
])('open files %j: %s', (text, level) => {
  expect(openFiles('Here', text).level).toBe(level);
});

test('versions: what differs is named, what is silent is said', () => {
  const found = compareVersions('1.2.0', [
    { who: 'same', version: '1.2.0' },
    { who: 'old', version: '1.1.0' },
    { who: 'silent', version: '' },
  ]);
  expect(found.map(({ level, what }) => `${level} ${what}`)).toEqual([
    'ok larder 1.2.0 here; other parts of the same version: 1.',
    'warning old is version 1.1.0, this is 1.2.0.',
    'note silent does not say its version.',
  ]);
});

test('Node: the tested line, later even lines, others', () => {
  expect(['v24.1.0', 'v26.0.0', 'v25.0.0', 'v22.15.0'].map((v) => nodeVersion(v).level)).toEqual([
    'ok',
    'ok',
    'note',
    'note',
  ]);
});

test.each([
  [
    'version 2, of the group above',
    '0::/a/b\n',
    { '/sys/fs/cgroup/a/b/memory.max': 'max\n', '/sys/fs/cgroup/a/memory.max': '1048576\n' },
    1048576,
  ],
  ['version 2, seen from inside', '0::/\n', { '/sys/fs/cgroup/memory.max': '2048\n' }, 2048],
  [
    'version 1',
    '4:cpu,memory:/x\n',
    { '/sys/fs/cgroup/memory/x/memory.limit_in_bytes': '4096\n' },
    4096,
  ],
  [
    'version 1 without',
    '4:memory:/\n',
    { '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' },
    Infinity,
  ],
  [
    'another controller',
    '3:cpu:/x\n',
    { '/sys/fs/cgroup/memory/x/memory.limit_in_bytes': '4096\n' },
    Infinity,
  ],
  ['none', '', {}, Infinity],
])('memory limit: %s', (_, cgroup, files: Readonly<Record<string, string>>, bytes) => {
  expect(memoryLimit(cgroup, (file) => files[file] ?? '')).toBe(bytes);
});
