/**
 * A process on a host that stays, and says by its first IPC message that it is ready. It can be killed,
 * stopped, continued, and started again as it was.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ProcessCalls } from './calls.ts';

export interface HostCommand {
  /** With what brings it to its host. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const READY_TIMEOUT_MS = 90_000;
const KEPT_LOG_CHARACTERS = 20_000;

interface Ready {
  readonly kind?: string;
  readonly code?: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

export class HostProcess {
  readonly host: string;
  readonly #command: HostCommand;
  #child: ChildProcess | undefined;
  #calls: ProcessCalls | undefined;
  #log = '';
  ready: Readonly<Record<string, string | number>> = {};

  static async start(host: string, command: HostCommand): Promise<HostProcess> {
    const started = new HostProcess(host, command);
    await started.restart();
    return started;
  }

  /** Not for callers: see the static method. */
  constructor(host: string, command: HostCommand) {
    this.host = host;
    this.#command = command;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The end of what it wrote to stderr, over all its starts. */
  get log(): string {
    return this.#log;
  }

  get ended(): boolean {
    return this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }

  call(name: string, argument: unknown): Promise<unknown> {
    if (this.#calls === undefined) throw new Error(`${this.host}: not started`);
    return this.#calls.call(name, argument);
  }

  /** @param signal SIGKILL by default; resolves when it has ended */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.ended) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Once more, as it was started first; what runs is killed before. */
  async restart(): Promise<void> {
    await this.kill();
    const { command, env } = this.#command;
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child = child;
    this.#calls = new ProcessCalls(child);
    child.stderr?.on('data', (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-KEPT_LOG_CHARACTERS);
    });
    const said = once(child, 'message').then(([first]) => first as Ready);
    const over = once(child, 'exit').then((): Ready => ({ kind: 'ended' }));
    const late = AbortSignal.timeout(READY_TIMEOUT_MS);
    const timeout = once(late, 'abort').then((): Ready => ({ kind: 'late' }));
    const first = await Promise.race([said, over, timeout]);
    if (first.kind !== 'ready') {
      throw new Error(`${args.join(' ')}: ${JSON.stringify(first)}\n${this.#log}`);
    }
    this.ready = first.details ?? {};
  }
}
