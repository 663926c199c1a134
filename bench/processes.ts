/**
 * Child processes of the benchmarks: run one to its end, or keep one until it is told to stop.
 *
 * Always true: a process that was kept is ended when it is disposed of, and its output is shown
 * only when it failed. An interrupt ends the command that runs, whose caller then unwinds. Each has a
 * process group of its own, so that the interrupt of a terminal reaches this program alone.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface KeptProcess extends AsyncDisposable {
  /** What it printed so far, if it has ended; undefined while it runs. */
  endedWith(): string | undefined;
  /** Resolves when it has ended by itself, or kills it after `timeoutMs`. */
  ended(timeoutMs: number): Promise<void>;
}

const running = new Set<ChildProcess>();
let interrupted = false;

/**
 * From the first SIGINT or SIGTERM on, `throwIfInterrupted` throws; the commands that run then are
 * ended. Further ones change nothing: a terminal and npm each send one, and cleaning up goes on.
 */
export function unwindOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
}

function interrupt(): void {
  if (interrupted) return;
  interrupted = true;
  for (const child of running) killGroup(child);
}

export function throwIfInterrupted(): void {
  if (interrupted) throw new Error('interrupted');
}

export function commandLine(command: Command): string {
  return [command.program, ...command.args].join(' ');
}

/** @returns what it printed on stdout and stderr; rejects when it fails or outlasts `timeoutMs` */
export async function run(command: Command, timeoutMs = 120_000): Promise<string> {
  const child = start(command);
  const output = collect(child);
  const timer = setTimeout(() => killGroup(child), timeoutMs);
  running.add(child);
  const { code, signal } = await closed(child).finally(() => {
    running.delete(child);
    clearTimeout(timer);
  });
  if (code !== 0) {
    throw new Error(`${commandLine(command)}: ended with ${signal ?? code ?? '?'}\n${output()}`);
  }
  return output();
}

export function keep(command: Command): KeptProcess {
  const child = start(command);
  const output = collect(child);
  let over = false;
  const closing = closed(child).then(() => {
    over = true;
  });
  const ended = async (timeoutMs: number) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    await closing;
    clearTimeout(timer);
  };
  return {
    endedWith: () => (over ? output() : undefined),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended(10_000);
    },
  };
}

export interface ReadyProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it sent. */
  readonly message: unknown;
  /** From its start to its message. */
  readonly seconds: number;
}

/** Starts a script of ours that stays, and waits for the message by which it says that it is ready. */
export async function startReady(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ReadyProcess> {
  const since = performance.now();
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 'ipc'];
  const child = spawn(process.execPath, args, { env, stdio, detached: true });
  const output = collect(child);
  const dispose = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.kill('SIGTERM');
    await once(child, 'exit');
    clearTimeout(timer);
  };
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(60_000)]);
  try {
    const message = once(child, 'message', { signal });
    const exit = once(child, 'exit', { signal }).then(() => {
      throw new Error(`${args.join(' ')}: ended\n${output()}`);
    });
    const [first] = (await Promise.race([message, exit])) as [unknown];
    const seconds = (performance.now() - since) / 1_000;
    over.abort();
    await Promise.allSettled([message, exit]);
    return { pid: child.pid ?? 0, message: first, seconds, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(20);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether the program can be started from the PATH. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    await run({ program: 'which', args: [program] });
    return true;
  } catch {
    return false;
  }
}

function start(command: Command): ChildProcess {
  return spawn(command.program, command.args, {
    env: command.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

/** With what it has started. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, 'SIGKILL');
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function closed(child: ChildProcess): Promise<Ending> {
  try {
    await once(child, 'close');
    return { code: child.exitCode, signal: child.signalCode };
  } catch (error) {
    throw new Error(`${child.spawnargs.join(' ')}: could not be started`, { cause: error });
  }
}

function collect(child: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  }
  return () => Buffer.concat(chunks).toString();
}
