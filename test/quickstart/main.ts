/**
 * `npm run quickstart`: the main job in one command. Makes a sample, serves it over S3, mounts it with
 * `larder up`, reads everything cold and warm through the mount, and compares every file with the origin.
 *
 * `npm run quickstart -- ORIGIN MOUNTPOINT` does it on your own data, and stays mounted.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeSample, SAMPLE } from './sample.ts';
import { differences, readEverything } from './walk.ts';
import type { Reading } from './walk.ts';

const execute = promisify(execFile);
const FROM_DIST = path.extname(import.meta.filename) === '.js';
const ROOT = path.resolve(import.meta.dirname, FROM_DIST ? '../../..' : '../..');
const CLI = path.join(ROOT, 'dist/cli/main.js');

interface OriginStatus {
  readonly origin: { gets: number; bytes: number; uniqueBytes: number; requestedBytes: number };
}

async function main(): Promise<number> {
  const [origin, mountpoint] = process.argv.slice(2);
  if (origin !== undefined && mountpoint !== undefined) return await onOwnData(origin, mountpoint);
  if (origin !== undefined) {
    say('usage: npm run quickstart [-- ORIGIN MOUNTPOINT]');
    return 2;
  }
  return await onSample();
}

async function onSample(): Promise<number> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-quickstart-'));
  const [data, mountpoint] = [path.join(directory, 'data'), path.join(directory, 'mnt')];
  fs.mkdirSync(mountpoint);
  const env = {
    ...process.env,
    LARDER_RUNTIME_DIR: path.join(directory, 'run'),
    LARDER_CONFIG: 'none',
    AWS_ACCESS_KEY_ID: 'quickstart',
    AWS_SECRET_ACCESS_KEY: 'quickstart-secret',
    AWS_REGION: 'us-east-1',
    S3_ACCESS_KEY: 'quickstart',
    S3_SECRET_KEY: 'quickstart-secret',
  };
  let server: ChildProcess | undefined;
  let mounted = false;
  try {
    step('Making a sample: an ImageFolder tree of PNGs and a few tar shards');
    makeSample(data, SAMPLE);
    step('Serving it as s3://sample from a small S3 server on this machine');
    const { child, endpoint } = await serve(data, env);
    server = child;
    step('larder up s3://sample MOUNTPOINT --detach');
    await larder(env, ['up', 's3://sample', mountpoint, ...upFlags(directory, endpoint)]);
    mounted = true;
    const { cold, warm } = readTwice(mountpoint);
    const status = JSON.parse(await larder(env, ['status', '--json'])) as OriginStatus;
    step('Comparing the SHA-256 of every file with the origin');
    const truth = readEverything(data, () => undefined);
    const wrong = [...differences(truth, cold), ...differences(truth, warm)];
    report({ cold, warm, status });
    if (wrong.length > 0) {
      say(
        `\n${String(wrong.length)} files differ from the origin: ${wrong.slice(0, 5).join(', ')}`,
      );
      return 1;
    }
    say(`\nAll ${String(truth.files)} files are equal to the origin, cold and warm.`);
    say('\nNext, on your own data (a bucket or a directory; it stays mounted):');
    say('  npm run quickstart -- s3://BUCKET/PREFIX /mnt/data');
    say('  npx larder up s3://BUCKET/PREFIX /mnt/data --detach     and     npx larder status');
    return 0;
  } finally {
    if (mounted) await larder(env, ['down', mountpoint]).catch(complain);
    server?.kill();
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

async function onOwnData(origin: string, where: string): Promise<number> {
  const mountpoint = path.resolve(where);
  fs.mkdirSync(mountpoint, { recursive: true });
  step(`larder up ${origin} ${where} --detach`);
  await larder(process.env, ['up', origin, mountpoint, '--detach']);
  const { cold, warm } = readTwice(mountpoint);
  const status = JSON.parse(await larder(process.env, ['status', '--json'])) as OriginStatus;
  report({ cold, warm, status });
  say(`\n${mountpoint} stays mounted. End it with: npx larder down ${where}`);
  return 0;
}

function upFlags(directory: string, endpoint: string): string[] {
  const cache = ['--cache-dir', path.join(directory, 'cache'), '--cache-size', '2GiB'];
  return ['--endpoint', endpoint, ...cache, '--detach'];
}

function readTwice(mountpoint: string): { cold: Reading; warm: Reading } {
  step('Reading everything through the mount: cold');
  const cold = readEverything(mountpoint, progress);
  step('Reading everything through the mount: warm');
  const warm = readEverything(mountpoint, progress);
  return { cold, warm };
}

async function serve(
  directory: string,
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; endpoint: string }> {
  const script = path.join(
    import.meta.dirname,
    `../support/s3/main${path.extname(import.meta.filename)}`,
  );
  const child = spawn(process.execPath, [script, '--bucket', `sample=${directory}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  for await (const line of child.stdout) {
    const found = /http:\/\/\S+/.exec(String(line));
    if (found !== null) return { child, endpoint: found[0] };
  }
  throw new Error('the S3 server did not start');
}

async function larder(env: NodeJS.ProcessEnv, args: string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, [CLI, ...args], { env, maxBuffer: 64 << 20 });
  return stdout;
}

function report({
  cold,
  warm,
  status,
}: {
  cold: Reading;
  warm: Reading;
  status: OriginStatus;
}): void {
  const { gets, bytes, requestedBytes } = status.origin;
  const rate = ({ bytes: read, seconds }: Reading) =>
    `${seconds.toFixed(2)} s (${(read / 1e6 / seconds).toFixed(0)} MB/s, hashing included)`;
  const rows: [string, string][] = [
    ['files', cold.files.toLocaleString('en')],
    ['bytes', cold.bytes.toLocaleString('en')],
    ['cold', rate(cold)],
    ['warm', rate(warm)],
    ['origin GETs', gets.toLocaleString('en')],
    [
      'origin bytes / requested bytes',
      requestedBytes === 0 ? '–' : (bytes / requestedBytes).toFixed(2),
    ],
  ];
  say('');
  for (const [name, value] of rows) say(`  ${name.padEnd(32)}${value}`);
}

let shownAt = 0;
function progress(bytes: number): void {
  if (!process.stderr.isTTY || performance.now() - shownAt < 100) return;
  shownAt = performance.now();
  process.stderr.write(`\r  ${(bytes / 1e6).toFixed(0)} MB\u001b[K\r`);
}

function step(text: string): void {
  say(`• ${text}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}

process.exitCode = await main();
