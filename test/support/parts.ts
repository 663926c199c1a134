/**
 * Master, worker and mount as commands of their own, each under limits of its own (`prlimit`, a cgroup).
 * Whatever is left running or mounted is ended by disposing.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { isMountpoint, TestLarder } from './larder.ts';

export interface Part {
  readonly process: ChildProcess;
  readonly pid: number;
  /** What it printed with `--json` when it was ready. */
  readonly ready: Readonly<Record<string, string>>;
}

export interface PartOptions {
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Of a mount: it does not know of the worker's socket. */
  readonly remote?: boolean;
}

const READY_TIMEOUT_MS = 20_000;

export class TestParts implements AsyncDisposable {
  readonly larder = new TestLarder();
  readonly #parts: Part[] = [];
  readonly #mountpoints: string[] = [];
  #masterAddress = '';
  #socket = '';

  get masterAddress(): string {
    return this.#masterAddress;
  }

  async master(options: PartOptions = {}): Promise<Part> {
    const { flags = ['--data-dir', this.larder.folder('master')] } = options;
    const args = ['master', '--json', '--listen', '127.0.0.1:0', ...flags];
    const part = await this.#start(args, options);
    this.#masterAddress = part.ready['address'] ?? '';
    return part;
  }

  async worker(options: PartOptions = {}): Promise<Part> {
    const { flags = ['--cache-dir', this.larder.folder('worker'), '--cache-size', '4GiB'] } =
      options;
    this.#socket = path.join(this.larder.directory, 'worker.sock');
    const where = ['--master', this.#masterAddress, '--socket', this.#socket];
    const part = await this.#start(['worker', '--json', ...where, ...flags], options);
    return part;
  }

  async dataset(name: string, origin: string, ...settings: string[]): Promise<void> {
    const where = ['--master', this.#masterAddress];
    await this.larder.ok(['dataset', 'create', name, origin, ...settings, ...where]);
  }

  async mount(name: string, options: PartOptions = {}): Promise<string> {
    const mountpoint = this.larder.folder(`mnt-${String(this.#mountpoints.length)}`);
    this.#mountpoints.push(mountpoint);
    const socket = options.remote === true ? [] : ['--worker-socket', this.#socket];
    const where = ['--master', this.#masterAddress, ...socket];
    const args = ['mount', name, mountpoint, ...where, ...(options.flags ?? []), '--detach'];
    const child = this.larder.start(args, options.env, options.through);
    const stderr = text(child.stderr);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`mount ended with ${String(code)}: ${await stderr}`);
    return mountpoint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const mountpoint of this.#mountpoints) {
      if (!isMountpoint(mountpoint)) continue;
      const { code } = await this.larder.run(['umount', mountpoint]);
      if (code !== 0) await once(spawn('umount', ['-l', mountpoint]), 'exit');
    }
    for (const { process } of this.#parts.reverse()) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      process.kill('SIGKILL');
      await once(process, 'exit');
    }
    await this.larder[Symbol.asyncDispose]();
  }

  async #start(args: readonly string[], options: PartOptions): Promise<Part> {
    const child = this.larder.start(args, options.env, options.through);
    const stderr = text(child.stderr);
    const timer = setTimeout(() => child.kill('SIGKILL'), READY_TIMEOUT_MS);
    let printed = '';
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      printed += line;
      if (line === '}') break;
    }
    clearTimeout(timer);
    if (printed === '') throw new Error(`${args[0] ?? ''}: ${await stderr}`);
    const ready = JSON.parse(printed) as Record<string, string>;
    const part = { process: child, pid: child.pid ?? 0, ready };
    this.#parts.push(part);
    return part;
  }
}

/** A process's open file descriptors. */
export function openFds(pid: number): number {
  return fs.readdirSync(`/proc/${String(pid)}/fd`).length;
}

/** Resident memory of a process, in bytes. */
export function rssBytes(pid: number): number {
  const status = fs.readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

/** `prlimit` on a process that runs: the soft limit, which can be raised again. */
export async function limitFds(pid: number, limit: number): Promise<void> {
  const nofile = `--nofile=${String(limit)}:`;
  const [code] = (await once(spawn('prlimit', ['--pid', String(pid), nofile]), 'exit')) as [number];
  if (code !== 0) throw new Error(`prlimit ended with ${String(code)}`);
}

async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  let collected = '';
  for await (const part of stream ?? []) collected = (collected + String(part)).slice(-10_000);
  return collected;
}
