/** What `npm pack` makes, and what somebody has who installs it: nothing else of this repository. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, trackedFiles } from '../docs/repository.ts';
import { isMountpoint } from '../support/larder.ts';

const execute = promisify(execFile);
/** The oldest that package.json allows. */
const OLDEST_NODE = '22.15.0';
/** Too old, and old enough to stumble over the syntax of this century's twenties. */
const OLDER_NODE = '14.21.3';

let directory: string;
let files: string[];
let tarball: string;

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-pack-'));
  // A copy: packing builds, and other tests use the build of this one.
  const copy = path.join(directory, 'source');
  for (const file of trackedFiles()) {
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    fs.copyFileSync(path.join(ROOT, file), path.join(copy, file));
  }
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  const { stdout } = await npm(['pack', '--json', '--pack-destination', directory], copy);
  const [packed] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Packed);
  tarball = path.join(directory, packed!.filename);
  files = packed!.files.map((file) => file.path);
});

type Packed = Record<string, { filename: string; files: { path: string }[] }>;

afterAll(() => {
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

describe('the tarball', () => {
  test('has what users need', () => {
    const needed = [
      ...['dist/cli/main.js', 'dist/sdk/index.js', 'dist/sdk/index.d.ts'],
      ...['deploy/mount.larder', 'deploy/systemd/larder-mount@.service', 'deploy/worker.env'],
      ...['docs/INSTALL.md', 'docs/OPERATIONS.md', 'docs/TROUBLESHOOTING.md', 'docs/ERRORS.md'],
      ...['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json'],
      ...trackedFiles().filter((file) => /^proto\/larder\/.*\.proto$/.test(file)),
    ];
    expect(needed.filter((file) => !files.includes(file))).toEqual([]);
  });

  test('has nothing else', () => {
    const allowed =
      /^(dist\/(common|proto|rpc|master|worker|sdk|http|fuse-client|cli)\/.*\.(js|d\.ts)|proto\/larder\/.*\.proto|deploy\/.*|docs\/(guides\/)?[\w-]+\.md|[A-Z]+(\.md)?|proto\/README\.md|package\.json)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
  });

  test('names no source map that is not there', async () => {
    const { stdout } = await execute(
      'tar',
      ['-xOzf', tarball, '--wildcards', 'package/dist/*.js'],
      {
        maxBuffer: 64 << 20,
      },
    );
    expect(stdout.length).toBeGreaterThan(100_000);
    expect(stdout).not.toContain('sourceMappingURL');
  });
});

describe('installed with npm install -g', () => {
  let prefix: string;
  let oldest: string | undefined;
  let older: string | undefined;

  beforeAll(async () => {
    prefix = path.join(directory, 'prefix');
    await npm(['install', '--global', '--prefix', prefix, tarball, ...QUIET], directory);
    [oldest, older] = await Promise.all([nodeFromNpm(OLDEST_NODE), nodeFromNpm(OLDER_NODE)]);
  });

  test('up, read, down on this Node, outside the repository', async () => {
    await quickPath(path.dirname(process.execPath));
  });

  test(`up, read, down on Node ${OLDEST_NODE}`, async ({ skip }) => {
    if (oldest === undefined) return skip(`needs node@${OLDEST_NODE} from npm`);
    await quickPath(oldest);
  });

  test('its install command and its SDK need nothing of the repository', async () => {
    const root = path.join(directory, 'root');
    fs.mkdirSync(root);
    const env = { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin` };
    await execute(path.join(prefix, 'bin/larder'), ['install', '--root', root], { env });
    const helper = fs.readFileSync(path.join(root, 'sbin/mount.larder'), 'utf8');
    const installed = path.join(fs.realpathSync(prefix), 'lib/node_modules/larder');
    expect(helper).toContain(` ${installed}/dist/cli/main.js internal-mount-helper`);
    const script = `import { connect } from '${installed}/dist/sdk/index.js'; console.log(typeof connect)`;
    const { stdout } = await execute('node', ['--input-type=module', '-e', script], { env });
    expect(stdout).toBe('function\n');
  });

  test(`one clear line and a non-zero exit on Node ${OLDER_NODE}`, async ({ skip }) => {
    if (older === undefined) return skip(`needs node@${OLDER_NODE} from npm`);
    const env = { PATH: `${older}:/usr/bin:/bin` };
    const failed = execute(path.join(prefix, 'bin/larder'), ['--help'], { env, timeout: 20_000 });
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: `larder needs Node 22.15 or newer; this is ${OLDER_NODE}.\n`,
    });
  });

  /** The folder of its `node`, or undefined where it cannot be had. */
  async function nodeFromNpm(version: string): Promise<string | undefined> {
    const folder = path.join(directory, `node-${version}`);
    fs.mkdirSync(folder);
    try {
      await npm(['install', '--prefix', folder, `node@${version}`, ...QUIET], folder);
    } catch {
      return undefined;
    }
    return path.join(folder, 'node_modules/node/bin');
  }

  async function quickPath(nodeDirectory: string): Promise<void> {
    const home = fs.mkdtempSync(path.join(directory, 'home-'));
    const [origin, mountpoint] = ['origin', 'mnt'].map((name) => path.join(home, name)) as [
      string,
      string,
    ];
    fs.mkdirSync(path.join(origin, 'train'), { recursive: true });
    fs.mkdirSync(mountpoint);
    fs.writeFileSync(path.join(origin, 'train/a'), 'bytes of the origin');
    const larder = (...args: string[]) =>
      execute(path.join(prefix, 'bin/larder'), args, {
        cwd: home,
        timeout: 60_000,
        env: {
          PATH: `${nodeDirectory}:/usr/sbin:/usr/bin:/sbin:/bin`,
          HOME: home,
          LARDER_RUNTIME_DIR: path.join(home, 'run'),
          LARDER_CACHE_HOME: path.join(home, 'cache'),
        },
      });
    try {
      await larder('up', `file://${origin}`, mountpoint, '--cache-size', '64MiB', '--detach');
      expect(fs.readFileSync(path.join(mountpoint, 'train/a'), 'utf8')).toBe('bytes of the origin');
    } finally {
      await larder('down', mountpoint);
    }
    expect(isMountpoint(mountpoint)).toBe(false);
    const { stdout } = await larder('status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ processes: [] });
  }
});

const QUIET = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];

function npm(args: readonly string[], cwd: string): Promise<{ stdout: string }> {
  return execute('npm', args, { cwd, timeout: 150_000, maxBuffer: 64 << 20 });
}
