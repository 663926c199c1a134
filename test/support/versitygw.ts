/**
 * versitygw, an S3 server that we did not write, over a directory: it keeps our own S3 server honest.
 *
 * Found as LARDER_VERSITYGW, in PATH, or in Go's bin directory.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface Versitygw extends AsyncDisposable {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Buckets are directories in here. */
  readonly directory: string;
}

const READY_TIMEOUT_MS = 20_000;

/** The program, or undefined where it is not installed. */
export function findVersitygw(): string | undefined {
  const goPath = process.env['GOPATH'] ?? path.join(homedir(), 'go');
  const directories = [...(process.env['PATH'] ?? '').split(':'), path.join(goPath, 'bin')];
  const candidates = directories.map((directory) => path.join(directory, 'versitygw'));
  return [process.env['LARDER_VERSITYGW'] ?? '', ...candidates].find(isExecutable);
}

export async function startVersitygw(program: string): Promise<Versitygw> {
  const work = await mkdtemp(path.join(tmpdir(), 'larder-versitygw-'));
  const directory = path.join(work, 'buckets');
  const iam = path.join(work, 'iam');
  await mkdir(directory);
  await mkdir(iam);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const accessKeyId = 'testaccess';
  const secretAccessKey = 'testsecret';
  const child = spawn(
    program,
    ['--port', `127.0.0.1:${String(port)}`, '--quiet', '--iam-dir', iam, 'posix', directory],
    {
      env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
      stdio: 'ignore',
    },
  );
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(work, { recursive: true, force: true });
  };
  try {
    await answers(endpoint);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, accessKeyId, secretAccessKey, directory, [Symbol.asyncDispose]: stop };
}

async function answers(endpoint: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await (await fetch(endpoint)).arrayBuffer();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
