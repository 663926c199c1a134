/** A Slurm of one node: munged, slurmctld and slurmd on free ports, with the hooks of deploy/slurm in a directory. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eventually } from './larder.ts';
import { freePort } from './free-port.ts';

const HOOKS = path.resolve(import.meta.dirname, '../../deploy/slurm');
/** Of root; an ordinary `PATH` lacks some. */
const PLACES = [
  ...(process.env['PATH'] ?? '').split(':'),
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];
const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'scontrol', 'setpriv', 'curl'];

/** Why there is no Slurm here; undefined where there is. */
export function slurmMissing(): string | undefined {
  if (process.geteuid?.() !== 0) return 'slurmd needs root';
  const missing = PROGRAMS.filter(
    (name) => !PLACES.some((place) => fs.existsSync(path.join(place, name))),
  );
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
}

export interface SlurmOptions {
  /** Everything of it lies here; root owns it. */
  readonly directory: string;
  /** Of the master. */
  readonly http: string;
  /** A program that is `larder`. */
  readonly larder: string;
  /** Who submits: root may not use burst buffers. */
  readonly user: number;
}

export interface JobOptions {
  readonly script: readonly string[];
  readonly options?: readonly string[];
}

export class Slurm implements AsyncDisposable {
  readonly #options: SlurmOptions;
  readonly #children: ChildProcess[] = [];
  readonly #submitted: number[] = [];

  constructor(options: SlurmOptions) {
    this.#options = options;
  }

  static async start(options: SlurmOptions): Promise<Slurm> {
    const slurm = new Slurm(options);
    try {
      await slurm.#start();
    } catch (error) {
      await slurm[Symbol.asyncDispose]();
      throw error;
    }
    return slurm;
  }

  /** Where the node's hooks mount. */
  get jobs(): string {
    return this.#at('run/jobs');
  }

  /** What a hook wrote, or a daemon. */
  log(name: 'hooks.log' | 'slurmctld.log' | 'slurmd.log'): string {
    const file = this.#at(name);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  }

  /** @returns its number, or what sbatch said */
  submit({ script, options = [] }: JobOptions): number | string {
    const file = this.#at(`job-${String(process.hrtime.bigint())}.sh`);
    fs.writeFileSync(file, ['#!/bin/bash', ...script, ''].join('\n'));
    const user = String(this.#options.user);
    const as = ['--reuid', user, '--regid', user, '--clear-groups', 'sbatch', '--parsable'];
    const output = ['--output', path.join(this.out, '%j.out'), '--chdir', '/'];
    try {
      const args = [...as, ...output, ...options, file];
      const job = Number(this.#run('setpriv', args));
      this.#submitted.push(job);
      return job;
    } catch (error) {
      return String((error as { stderr: unknown }).stderr);
    }
  }

  /** A directory of the user who submits. */
  get out(): string {
    return this.#at('out');
  }

  outputOf(job: number): string {
    const file = path.join(this.out, `${String(job)}.out`);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  }

  /** `PENDING`, `RUNNING`, `COMPLETED`, … and why it waits. */
  stateOf(job: number): { state: string; reason: string } {
    const text = this.#run('scontrol', ['show', 'job', '--oneliner', String(job)]);
    const field = (name: string) => new RegExp(`\\b${name}=(\\S*)`).exec(text)?.[1] ?? '';
    return { state: field('JobState'), reason: field('Reason') };
  }

  async ended(job: number, timeoutMs = 120_000): Promise<string> {
    return await eventually(() => {
      const { state } = this.stateOf(job);
      return ['PENDING', 'RUNNING', 'COMPLETING', 'CONFIGURING'].includes(state)
        ? undefined
        : state;
    }, timeoutMs);
  }

  cancel(job: number): void {
    this.#run('scancel', [String(job)]);
  }

  nodeState(): string {
    const text = this.#run('scontrol', ['show', 'node', 'n1', '--oneliner']);
    return /\bState=(\S*)/.exec(text)?.[1] ?? '';
  }

  /** From now on the hooks reach nobody. */
  loseMaster(): void {
    this.#writeSettings('http://127.0.0.1:1');
  }

  findMaster(): void {
    this.#writeSettings(`http://${this.#options.http}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endJobs();
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(late);
    }
  }

  /** What a failed test has left. */
  #endJobs(): void {
    for (const job of this.#submitted) {
      try {
        this.#run('scancel', ['--signal', 'KILL', '--full', String(job)]);
      } catch {
        // It has ended.
      }
    }
    const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    for (const line of mounts) {
      const where = line.split(' ')[4] ?? '';
      if (where.startsWith(`${this.jobs}/`)) this.#run('umount', ['-l', where]);
    }
  }

  #at(name: string): string {
    return path.join(this.#options.directory, name);
  }

  #run(program: string, args: readonly string[]): string {
    const env = { ...process.env, PATH: PLACES.join(':'), SLURM_CONF: this.#at('slurm.conf') };
    return execFileSync(program, args, { env, encoding: 'utf8', stdio: 'pipe', timeout: 20_000 });
  }

  async #start(): Promise<void> {
    for (const name of ['munge', 'state', 'spool', 'run', 'out', 'hooks']) {
      fs.mkdirSync(this.#at(name), { mode: 0o755 });
    }
    fs.chownSync(this.out, this.#options.user, this.#options.user);
    const text = await this.#configuration();
    fs.writeFileSync(this.#at('slurm.conf'), text);
    this.#installHooks();
    fs.writeFileSync(this.#at('munge/key'), Buffer.alloc(128, 7), { mode: 0o400 });
    const file = (name: string) => this.#at(`munge/${name}`);
    this.#spawn('munged', [
      ...['--foreground', '--force', `--socket=${file('socket')}`, `--key-file=${file('key')}`],
      ...[`--pid-file=${file('pid')}`, `--log-file=${file('log')}`, `--seed-file=${file('seed')}`],
    ]);
    await eventually(() => fs.existsSync(file('socket')) || undefined);
    const conf = this.#at('slurm.conf');
    this.#spawn('slurmctld', ['-D', '-i', '-f', conf]);
    this.#spawn('slurmd', ['-D', '-N', 'n1', '-f', conf]);
    await eventually(() => {
      try {
        return this.nodeState().startsWith('IDLE') || undefined;
      } catch {
        return undefined;
      }
    }, 60_000);
  }

  #spawn(program: string, args: readonly string[]): void {
    const out = fs.openSync(this.#at(`${program}.out`), 'w');
    const env = { ...process.env, PATH: PLACES.join(':') };
    const child = spawn(program, args, { env, stdio: ['ignore', out, out] });
    child.once('error', () => undefined);
    fs.closeSync(out);
    this.#children.push(child);
  }

  async #configuration(): Promise<string> {
    const ports = [await freePort(), await freePort()];
    const host = os.hostname();
    return [
      'ClusterName=larder',
      `SlurmctldHost=${host}(127.0.0.1)`,
      `SlurmctldPort=${String(ports[0])}`,
      ...['SlurmUser=root', 'AuthType=auth/munge', 'CredType=cred/munge', 'MpiDefault=none'],
      `AuthInfo=socket=${this.#at('munge/socket')}`,
      `StateSaveLocation=${this.#at('state')}`,
      `SlurmdSpoolDir=${this.#at('spool')}`,
      `SlurmctldPidFile=${this.#at('slurmctld.pid')}`,
      `SlurmdPidFile=${this.#at('slurmd.pid')}`,
      `SlurmctldLogFile=${this.#at('slurmctld.log')}`,
      `SlurmdLogFile=${this.#at('slurmd.log')}`,
      ...['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none', 'SwitchType=switch/none'],
      'JobAcctGatherType=jobacct_gather/none',
      'AccountingStorageType=accounting_storage/none',
      ...['ReturnToService=2', 'PrologFlags=Alloc', 'SelectType=select/cons_tres', 'MinJobAge=300'],
      'SchedulerParameters=bf_interval=1,sched_interval=2',
      'BurstBufferType=burst_buffer/lua',
      `Prolog=${this.#at('hooks/prolog.sh')}`,
      `Epilog=${this.#at('hooks/epilog.sh')}`,
      `TaskProlog=${this.#at('hooks/task-prolog.sh')}`,
      `NodeName=n1 NodeHostname=${host} NodeAddr=127.0.0.1 Port=${String(ports[1])} CPUs=1`,
      'PartitionName=all Nodes=n1 Default=YES State=UP MaxTime=10',
      '',
    ].join('\n');
  }

  /** As a site does: with the place of its own settings. */
  #installHooks(): void {
    for (const name of fs.readdirSync(HOOKS)) {
      const text = fs
        .readFileSync(path.join(HOOKS, name), 'utf8')
        .replaceAll('/etc/larder/slurm.conf', this.#at('larder.conf'))
        .replaceAll('jobs=/run/larder/jobs', `jobs=${this.jobs}`)
        .replaceAll('/bin/sleep 5', '/bin/sleep 1');
      const target = name === 'burst_buffer.lua' ? name : `hooks/${name}`;
      fs.writeFileSync(this.#at(target), text, { mode: 0o755 });
    }
    this.findMaster();
  }

  #writeSettings(http: string): void {
    const { larder } = this.#options;
    const log = this.#at('hooks.log');
    // A machine that runs all tests is busy.
    const settings = { http, prefix: 'slurm', jobs: this.jobs, larder, log, mountSeconds: 100 };
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
    fs.writeFileSync(this.#at('larder.conf'), lines.join(''));
  }
}
