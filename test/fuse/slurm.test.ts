/** Jobs of a real Slurm: pending until their data is held, mounted where they run, released after. */
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PreloadInfo } from '../../sdk/index.ts';
import { connect } from '../../sdk/index.ts';
import type { Larder } from '../../sdk/index.ts';
import { FUSE_MISSING } from '../support/fuse-mount.ts';
import { eventually, isMountpoint, ORDINARY_USER, TestLarder } from '../support/larder.ts';
import { Slurm, slurmMissing } from '../support/slurm.ts';

const MISSING = FUSE_MISSING ?? slurmMissing();
const FILES = 20;
const FILE_BYTES = 100_000;

describe.skipIf(MISSING !== undefined)(`Slurm${MISSING === undefined ? '' : ` (${MISSING})`}`, () => {
  let scratch: TestLarder;
  let larder: Larder;
  let slurm: Slurm;
  let master: { address: string; http: string };
  let worker: ChildProcess;

  beforeAll(async () => {
    scratch = new TestLarder({ LARDER_LEASE_MS: '1000', LARDER_HEARTBEAT_MS: '200' });
    fs.chmodSync(scratch.directory, 0o755);
    const origin = scratch.folder('origin');
    for (let i = 0; i < FILES; i += 1) {
      fs.writeFileSync(path.join(origin, `f${i}`), Buffer.alloc(FILE_BYTES, i));
    }
    const args = ['master', '--listen', '127.0.0.1:0', '--http-listen', '127.0.0.1:0', '--json'];
    const started = scratch.start([...args, '--data-dir', scratch.folder('master')]);
    master = JSON.parse(await firstOutput(started)) as typeof master;
    larder = connect({ master: master.address });
    await startWorker();
    await larder.datasets.create('ds', `file://${origin}`);
    await larder.datasets.create('other.set', `file://${origin}`);
    slurm = await Slurm.start({
      directory: scratch.folder('slurm'),
      http: master.http,
      larder: writeProgram(),
      user: ORDINARY_USER,
    });
  });
  afterAll(async () => {
    await slurm[Symbol.asyncDispose]();
    await larder[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  async function startWorker(): Promise<void> {
    const cache = ['--cache-dir', scratch.folder('cache'), '--cache-size', '1GiB'];
    const socket = ['--socket', path.join(scratch.directory, 'worker.sock')];
    worker = scratch.start(['worker', '--master', master.address, ...cache, ...socket, '--json']);
    await firstOutput(worker);
  }

  /** `larder` for hooks, which start without an environment. */
  function writeProgram(): string {
    const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    const file = path.join(scratch.directory, 'larder');
    const env = { ...scratch.env, LARDER_MASTER: master.address };
    const names = Object.entries(env).filter(([name]) => /^(LARDER|AWS)_/.test(name));
    const lines = names.map(([name, value = '']) => `export ${name}=${quoted(value)}`);
    const command = [process.execPath, scratch.main].map(quoted).join(' ');
    fs.writeFileSync(file, ['#!/bin/bash', ...lines, `exec ${command} "$@"`, ''].join('\n'));
    fs.chmodSync(file, 0o755);
    return file;
  }

  const originBytes = async () => (await larder.status()).origin.bytes;
  const newestPreload = async (): Promise<PreloadInfo | undefined> =>
    (await larder.preloads.list())[0];
  const READ = 'cat "$LARDER_PATH"/* | wc --bytes; env | grep ^LARDER_ | sort';

  test('a job that is submitted cold waits until its data is held, and reads no byte of the origin', async () => {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
    const job = slurm.submit({ script: ['#BB_LUA dataset=ds@v1 keep=1h', READ] }) as number;
    expect(job).toBeGreaterThan(0);
    const waiting = await eventually(async () => await newestPreload(), 90_000);
    expect(waiting).toMatchObject({ dataset: 'ds', detached: true });
    // The master asks nobody, so nothing comes: it waits for that, and for nothing else.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(slurm.stateOf(job)).toEqual({ state: 'PENDING', reason: 'BurstBufferStageIn' });
    await startWorker();
    expect(await slurm.ended(job)).toBe('COMPLETED');
    const where = path.join(slurm.jobs, String(job), 'ds');
    expect(slurm.outputOf(job)).toBe(
      `${FILES * FILE_BYTES}\nLARDER_PATH=${where}\nLARDER_PATH_DS=${where}\n`,
    );
    expect(await originBytes()).toBe(FILES * FILE_BYTES);
    expect(await larder.preloads.show(waiting.id)).toMatchObject({ state: 'complete' });
    // And nothing is left of it.
    await eventually(() => (fs.existsSync(path.dirname(where)) ? undefined : true));
    await eventually(async () => ((await newestPreload())?.keptUntil === null ? true : undefined));
    expect(isMountpoint(where)).toBe(false);
  });
});

async function firstOutput(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const part of child.stdout ?? []) {
    text += String(part);
    if (text.includes('}')) return text;
  }
  throw new Error(`the process ended: ${text}`);
}
