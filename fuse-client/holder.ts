/**
 * The holder of a mount: has /dev/fuse open, so that the mount outlives its servers, and keeps one
 * server running.
 *
 * Always true:
 *   - it reads no request and knows no file: it is small, and nothing that a reader does can end it;
 *   - one server at a time may answer: another is started only when the one before is dead or has
 *     been sent SIGKILL (it runs no more code then, reaped or not);
 *   - when it ends by itself, the mount is gone; when it is killed, its server starts another holder,
 *     which finds /dev/fuse and the state among its fds and goes on.
 *
 * Where no server can be kept running for `giveUpMs`, the connection is aborted: a job that fails is
 * better than one that hangs for ever.
 */
import { spawn } from 'node:child_process';
import { fstatSync, readlinkSync } from 'node:fs';
import { LarderError, systemClock, systemCode } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import { abortMount, checkMountpoint, describeUsers, findHolders, findMount } from './mount.ts';
import { setReadAhead, unmount } from './mount.ts';
import type { MountUser } from './mount.ts';
import { mountDevice } from './mount-device.ts';
import type { ModeDecision, OpenCounts } from './open-modes.ts';
import { kill, readOomScore, setOomScore, startTimeOf } from './processes.ts';
import { RestartPolicy } from './restart-policy.ts';
import { compileSpec, DEVICE_FD, STATE_FD } from './spec.ts';
import type { CompiledSpec, MountSpec } from './spec.ts';
import { SharedState } from './state.ts';
import { memoryFile } from './syscalls.ts';

export type MountEvent =
  | { readonly kind: 'mounted' }
  | { readonly kind: 'took-over'; readonly serverPid: number }
  | { readonly kind: 'server-started'; readonly pid: number; readonly count: number }
  | { readonly kind: 'server-lost'; readonly pid: number; readonly why: 'died' | 'silent' }
  /** The mount answers. */
  | { readonly kind: 'serving' }
  | { readonly kind: 'manifest'; readonly percent: number }
  /** How files are opened, and how many were so far; once a second while that changes. */
  | { readonly kind: 'opens'; readonly decision: ModeDecision; readonly counts: OpenCounts }
  | { readonly kind: 'busy'; readonly users: readonly MountUser[] };

/** How a mount ended. */
export type MountEnd =
  | { readonly kind: 'unmounted' }
  /** The first server could not connect. */
  | { readonly kind: 'failed'; readonly error: LarderError }
  | { readonly kind: 'gave-up' };

export interface HoldOptions {
  /** Unmounts. Default: never; a holder that is to obey signals passes its own. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly report?: (event: MountEvent) => void;
}

/** What a server tells its holder before it ends because it could not connect. */
export interface ServerFailure {
  readonly kind: 'failed';
  readonly code: LarderError['code'];
  readonly facts: LarderError['facts'];
}

/** Looking through all processes of a large machine takes a while: not at each try. */
const SEEK_USERS_MS = 2_000;

/** What is open changes all the time. */
const REPORT_OPENS_MS = 1_000;

const STATE_NAME = 'larder-mount';

/**
 * Mounts and stays until the mount is gone; or, started by a server whose holder died, takes over.
 *
 * @throws {LarderError} `MOUNTPOINT_INVALID`, `FUSE_UNAVAILABLE`
 */
export async function holdMount(spec: MountSpec, options: HoldOptions = {}): Promise<MountEnd> {
  const compiled = compileSpec(spec);
  const inherited = isInherited();
  if (!inherited) checkMountpoint(spec.mountpoint);
  const stateFd = inherited ? STATE_FD : memoryFile(STATE_NAME);
  const state = inherited ? SharedState.open(stateFd) : SharedState.create(stateFd);
  const deviceFd = inherited ? DEVICE_FD : mountDevice(compiled);
  const holder = new Holder(compiled, { state, stateFd, deviceFd }, options);
  return await holder.run(inherited);
}

interface Handles {
  readonly state: SharedState;
  readonly stateFd: number;
  readonly deviceFd: number;
}

class Holder {
  readonly #spec: CompiledSpec;
  readonly #handles: Handles;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #report: (event: MountEvent) => void;
  readonly #policy: RestartPolicy;
  #server: { readonly pid: number; readonly startTime: number | undefined } | undefined;
  #wake = new AbortController();
  #failure: LarderError | undefined;
  #answers = false;
  #percent = 0;
  #opens = '';
  #opensReportedMs = -Infinity;
  #unmountAsked = false;
  /** Who kept it busy at the last try. */
  #users = '';
  #usersSoughtMs = -Infinity;
  #end: MountEnd | undefined;

  constructor(spec: CompiledSpec, handles: Handles, options: HoldOptions) {
    this.#spec = spec;
    this.#handles = handles;
    this.#clock = options.clock ?? systemClock;
    this.#signal = options.signal;
    this.#report = options.report ?? (() => undefined);
    this.#policy = new RestartPolicy(
      spec.timings,
      this.#clock.monotonicMs(),
      handles.state.heartbeat,
    );
  }

  async run(inherited: boolean): Promise<MountEnd> {
    const { state } = this.#handles;
    if (!inherited) state.oomScore = readOomScore();
    setOomScore(-1000);
    state.holderPid = process.pid;
    const onAbort = () => {
      this.#unmountAsked = true;
      this.#wake.abort();
    };
    this.#signal?.addEventListener('abort', onAbort);
    if (this.#signal?.aborted === true) onAbort();
    if (inherited) {
      process.once('disconnect', () => {
        this.#wake.abort();
      });
      this.#server = { pid: state.serverPid, startTime: startTimeOf(state.serverPid) };
      this.#report({ kind: 'took-over', serverPid: state.serverPid });
    } else {
      const entry = findMount(this.#spec.mountpoint);
      if (entry !== undefined) {
        state.device = entry.device;
        setReadAhead(entry.device, this.#spec.readAheadKib);
      }
      this.#report({ kind: 'mounted' });
      this.#start();
    }
    let end = this.#look();
    while (end === undefined) {
      await this.#pause();
      end = this.#look();
    }
    await this.#stopServer();
    this.#signal?.removeEventListener('abort', onAbort);
    return end;
  }

  async #pause(): Promise<void> {
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    await this.#clock.sleep(this.#spec.timings.watchMs, this.#wake.signal).catch(() => undefined);
  }

  #look(): MountEnd | undefined {
    const { state } = this.#handles;
    if (this.#unmountAsked) this.#tryUnmount();
    if (state.ended) {
      this.#takeAway();
      this.#end ??= { kind: 'unmounted' };
    } else if (this.#failure !== undefined && state.negotiated === undefined) {
      this.#abort({ kind: 'failed', error: this.#failure });
    }
    if (this.#end !== undefined) return this.#end;
    this.#reportProgress();
    this.#watch();
    return this.#end;
  }

  #watch(): void {
    const { state } = this.#handles;
    const alive = this.#isAlive();
    const decision = this.#policy.observe({
      nowMs: this.#clock.monotonicMs(),
      alive,
      heartbeat: state.heartbeat,
    });
    switch (decision) {
      case 'wait':
        return;
      case 'kill':
        this.#lose('silent');
        this.#start();
        return;
      case 'start':
        this.#lose('died');
        this.#start();
        return;
      case 'give-up':
        this.#abort({ kind: 'gave-up' });
    }
  }

  #isAlive(): boolean {
    const server = this.#server;
    if (server?.startTime === undefined) return false;
    return startTimeOf(server.pid) === server.startTime;
  }

  #lose(why: 'died' | 'silent'): void {
    const server = this.#server;
    if (server === undefined) return;
    if (this.#isAlive()) kill(server.pid, 'SIGKILL');
    this.#report({ kind: 'server-lost', pid: server.pid, why });
    this.#server = undefined;
  }

  #start(): void {
    const { deviceFd, stateFd, state } = this.#handles;
    const [program = process.execPath, ...args] = this.#spec.serverCommand;
    const child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'inherit', deviceFd, stateFd, 'ipc'],
    });
    const wake = () => {
      this.#wake.abort();
    };
    child.on('exit', wake);
    // A command that cannot be run: the server is dead, and is tried again like any other.
    child.on('error', wake);
    child.on('message', (message: ServerFailure) => {
      this.#failure = new LarderError(message.code, message.facts);
      wake();
    });
    this.#policy.started(this.#clock.monotonicMs());
    const { pid } = child;
    if (pid === undefined) return;
    this.#server = { pid, startTime: startTimeOf(pid) };
    this.#report({ kind: 'server-started', pid, count: state.countServer() });
  }

  #reportProgress(): void {
    const { negotiated, manifestPercent } = this.#handles.state;
    if (!this.#answers && negotiated !== undefined) {
      this.#answers = true;
      this.#report({ kind: 'serving' });
    }
    if (manifestPercent !== this.#percent) {
      this.#percent = manifestPercent;
      this.#report({ kind: 'manifest', percent: manifestPercent });
    }
    this.#reportOpens();
  }

  #reportOpens(): void {
    const nowMs = this.#clock.monotonicMs();
    const { decision, openCounts: counts } = this.#handles.state;
    if (decision === undefined || nowMs - this.#opensReportedMs < REPORT_OPENS_MS) return;
    const text = JSON.stringify({ decision, counts });
    if (text === this.#opens) return;
    this.#opens = text;
    this.#opensReportedMs = nowMs;
    this.#report({ kind: 'opens', decision, counts });
  }

  /** Once asked for, tried at each look until it is done. */
  #tryUnmount(): void {
    const { mountpoint, whenBusy } = this.#spec;
    try {
      // Detached before, or by somebody else: it ends when the kernel says so.
      if (!this.#isThere()) return;
      unmount(mountpoint, { lazy: whenBusy === 'lazy' });
      if (whenBusy !== 'lazy') this.#end = { kind: 'unmounted' };
    } catch (error) {
      if (!(error instanceof LarderError)) throw error;
      if (whenBusy === 'abort') this.#abort({ kind: 'unmounted' });
      else this.#reportUsers();
    }
  }

  #reportUsers(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#usersSoughtMs < SEEK_USERS_MS) return;
    this.#usersSoughtMs = nowMs;
    const users = findHolders(this.#spec.mountpoint);
    const text = describeUsers(users);
    if (text === this.#users) return;
    this.#users = text;
    this.#report({ kind: 'busy', users });
  }

  #abort(end: MountEnd): void {
    this.#handles.state.markEnded();
    this.#takeAway();
    this.#end = end;
  }

  /** Whether what is mounted there is this mount, and not one that came after it. */
  #isThere(): boolean {
    return findMount(this.#spec.mountpoint)?.device === this.#handles.state.device;
  }

  #takeAway(): void {
    const entry = findMount(this.#spec.mountpoint);
    if (entry?.device === this.#handles.state.device) abortMount(entry);
  }

  async #stopServer(): Promise<void> {
    const { stopMs, watchMs } = this.#spec.timings;
    const deadlineMs = this.#clock.monotonicMs() + stopMs;
    while (this.#isAlive() && this.#clock.monotonicMs() < deadlineMs) {
      await this.#clock.sleep(Math.min(20, watchMs));
    }
    if (this.#isAlive() && this.#server !== undefined) kill(this.#server.pid, 'SIGKILL');
  }
}

/** Whether a server has started this process to hold its mount. */
function isInherited(): boolean {
  try {
    fstatSync(DEVICE_FD);
    return readlinkSync(`/proc/self/fd/${String(STATE_FD)}`).startsWith(`/memfd:${STATE_NAME}`);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}
