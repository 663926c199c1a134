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

describe.skipIf(MISSING !== undefined)(
  `Slurm${MISSING === undefined ? '' : ` (${MISSING})`}`,
  () => {
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
      const lines = names.map(([name, value]) => `export ${name}=${quoted(value)}`);
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
      await eventually(async () =>
        (await newestPreload())?.keptUntil === null ? true : undefined,
      );
      expect(isMountpoint(where)).toBe(false);
    });

    test('a directive that is wrong is refused at submission', () => {
      const wrong = [
        'dataset=$(id)',
        'dataset=../x',
        'dataset=ds keep=long',
        'keep=6h',
        'dataset=ds@v0',
      ];
      const answers = wrong.map((line) => slurm.submit({ script: [`#BB_LUA ${line}`, 'true'] }));
      const refused: unknown = expect.stringContaining('#BB_LUA: expected: ');
      expect(answers).toEqual(wrong.map(() => refused));
    });

    test('with the master down, and for a dataset that is not there, a job starts anyway, cold, and the log says why', async () => {
      const unknown = slurm.submit({ script: ['#BB_LUA dataset=nope', 'echo ran'] }) as number;
      await eventually(() => {
        const text = slurm.log('slurmctld.log');
        return text.includes(`job ${unknown} starts cold`) ? true : undefined;
      }, 90_000);
      slurm.loseMaster();
      const down = slurm.submit({ script: ['#BB_LUA dataset=ds', 'echo ran'] }) as number;
      const noted = slurm.submit({ script: ['echo ran'], options: ['--comment', 'larder:ds'] });
      expect(await slurm.ended(down)).toBe('COMPLETED');
      expect(await slurm.ended(noted as number)).toBe('COMPLETED');
      expect(await slurm.ended(unknown)).toBe('COMPLETED');
      slurm.findMaster();
      expect([unknown, down, noted as number].map((job) => slurm.outputOf(job))).toEqual(
        Array.from({ length: 3 }, () => 'ran\n'),
      );
      const log = slurm.log('slurmctld.log');
      expect(log).toMatch(new RegExp(`larder: job ${unknown} starts cold: error \\[NOT_FOUND\\]`));
      expect(log).toMatch(new RegExp(`larder: job ${down} starts cold: .*Failed to connect`));
      expect(slurm.log('hooks.log')).toMatch(new RegExp(`job ${noted}: starts cold: ds .*connect`));
      expect(slurm.nodeState()).toBe('IDLE');
    });

    test('a job that is cancelled while it waits ends its preload', async () => {
      worker.kill('SIGTERM');
      await once(worker, 'exit');
      const job = slurm.submit({ script: ['#BB_LUA dataset=other.set', 'true'] }) as number;
      const preload = await eventually(async () => {
        const newest = await newestPreload();
        return newest?.dataset === 'other.set' ? newest : undefined;
      }, 90_000);
      slurm.cancel(job);
      expect(await slurm.ended(job)).toBe('CANCELLED');
      await eventually(async () => {
        const { state, keptUntil } = await larder.preloads.show(preload.id);
        return state === 'cancelled' && keptUntil === null ? true : undefined;
      }, 60_000);
      await startWorker();
    });

    test('without burst buffers a comment mounts, and nothing in it is evaluated', async () => {
      const trap = path.join(slurm.out, 'trap');
      const evil = `$(touch ${trap}),\`touch ${trap}\`,;touch ${trap},../../etc,-x`;
      const options = ['--comment', `larder:${evil},other.set@v1`];
      const job = slurm.submit({ script: [READ], options }) as number;
      expect(await slurm.ended(job)).toBe('COMPLETED');
      const where = path.join(slurm.jobs, String(job), 'other.set');
      expect(slurm.outputOf(job)).toBe(
        `${FILES * FILE_BYTES}\nLARDER_PATH=${where}\nLARDER_PATH_OTHER_SET=${where}\n`,
      );
      expect(fs.existsSync(trap)).toBe(false);
      expect(slurm.log('hooks.log').match(/not a dataset/g)).toHaveLength(8);
      await eventually(() => (fs.existsSync(path.dirname(where)) ? undefined : true));
      await eventually(async () =>
        (await newestPreload())?.keptUntil === null ? true : undefined,
      );
      expect(slurm.nodeState()).toBe('IDLE');
    });

    describe('the hooks of a node', () => {
      const hook = (name: string, job: string, comment = 'larder:ds') =>
        scratch.program(
          ...['env', '-i', `SLURM_JOB_ID=${job}`, `SLURM_JOB_COMMENT=${comment}`],
          path.join(scratch.directory, 'slurm/hooks', name),
        );

      test('may run twice, and one job’s leave those of others alone', async () => {
        const [one, two] = ['9001', '9002'].map((job) => path.join(slurm.jobs, job, 'ds'));
        for (const job of ['9001', '9001', '9002']) {
          expect(await hook('prolog.sh', job)).toMatchObject({ code: 0, stdout: '', stderr: '' });
        }
        const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split(` ${one ?? ''} `);
        expect(mounts).toHaveLength(2);
        for (const job of ['9001', '9001']) {
          expect(await hook('epilog.sh', job)).toMatchObject({ code: 0, stdout: '', stderr: '' });
        }
        expect([one, two].map((at = '') => isMountpoint(at))).toEqual([false, true]);
        await hook('epilog.sh', '9002');
        expect(fs.existsSync(path.dirname(two ?? ''))).toBe(false);
      });

      test('a mount that is in use is taken away from its place', async () => {
        await hook('prolog.sh', '9003');
        const where = path.join(slurm.jobs, '9003/ds');
        const user = scratch.hold('sleep', '60', { cwd: where });
        await eventually(() => {
          const at = `/proc/${String(user.pid)}/cwd`;
          return fs.existsSync(at) && fs.readlinkSync(at) === where ? true : undefined;
        });
        expect(await hook('epilog.sh', '9003')).toMatchObject({ code: 0 });
        user.kill('SIGKILL');
        expect(isMountpoint(where)).toBe(false);
        expect(fs.existsSync(path.dirname(where))).toBe(false);
      });

      test('a link in the way, or a directory of somebody else, is not followed', async () => {
        const aside = scratch.folder('aside');
        fs.symlinkSync(aside, path.join(slurm.jobs, '9004'));
        expect(await hook('prolog.sh', '9004')).toMatchObject({ code: 0 });
        fs.mkdirSync(path.join(slurm.jobs, '9005'));
        fs.symlinkSync(aside, path.join(slurm.jobs, '9005/ds'));
        expect(await hook('prolog.sh', '9005')).toMatchObject({ code: 0 });
        fs.mkdirSync(path.join(slurm.jobs, '9006'));
        fs.chownSync(path.join(slurm.jobs, '9006'), ORDINARY_USER, ORDINARY_USER);
        expect(await hook('prolog.sh', '9006')).toMatchObject({ code: 0 });
        expect(slurm.log('hooks.log').match(/not a directory of ours/g)).toHaveLength(3);
        expect(fs.readdirSync(aside)).toEqual([]);
        expect(fs.readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(aside);
        for (const job of ['9004', '9005', '9006']) {
          expect(await hook('epilog.sh', job)).toMatchObject({ code: 0 });
        }
        expect(fs.existsSync(aside)).toBe(true);
      });

      test('a number of a job that is none, and lines in a comment, do no harm', async () => {
        for (const job of ['', '../x', '1;id', '99999999999']) {
          expect(await hook('prolog.sh', job), job).toMatchObject({
            code: 0,
            stdout: '',
            stderr: '',
          });
        }
        const before = slurm.log('hooks.log').split('\n').length;
        await hook('prolog.sh', '9007', 'larder:x\n2026-01-01 job 1: forged');
        const added = slurm
          .log('hooks.log')
          .split('\n')
          .slice(before - 1);
        expect(added.filter((line) => line.startsWith('2026-01-01 '))).toEqual([]);
      });
    });
  },
);

async function firstOutput(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const part of child.stdout ?? []) {
    text += String(part);
    if (text.includes('}')) return text;
  }
  throw new Error(`the process ended: ${text}`);
}
