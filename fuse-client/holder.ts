/**
 * The holder of a mount: has /dev/fuse open, so that the mount outlives its servers, and keeps one
 * server running.
 *
 * Always true:
 *   - it knows no file, and reads no request but to fail it while no server lasts (`eio-answers.ts`): it
 *     is small, and nothing that a reader does can end it;
 *   - one server at a time may answer: another is started only when the one before is dead or has
 *     been sent SIGKILL (it runs no more code then, reaped or not);
 *   - when it ends by itself, the mount is gone, or another is named as holder in the state; when it is
 *     killed, its server starts another holder, which finds /dev/fuse and the state among its fds and
 *     goes on.
 *
 * Where no server can be kept running for `giveUpMs`, reads fail while none runs: a job that fails is
 * better than one that hangs for ever. It tries on, and an upgrade can bring a server that lasts. A
 * mount that has never answered is given up instead.
 */
import { fstatSync, readlinkSync } from 'node:fs';
import { LarderError, systemClock, systemCode } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import { EioAnswers } from './eio-answers.ts';
import { Handover } from './handover.ts';
import { ModeReports } from './mode-reports.ts';
import { abortMount, checkMountpoint, describeUsers, findHolders, findMount } from './mount.ts';
import { setReadAhead, unmount } from './mount.ts';
import { mountDevice } from './mount-device.ts';
import type { HoldOptions, MountCondition, MountEnd, MountEvent } from './mount-events.ts';
import { readOomScore, setOomScore } from './processes.ts';
import { RestartPolicy } from './restart-policy.ts';
import { ServerProcess } from './server-process.ts';
import type { ServerFds } from './server-process.ts';
import { compileSpec, DEVICE_FD, STATE_FD } from './spec.ts';
import type { CompiledSpec, MountSpec } from './spec.ts';
import { SharedState } from './state.ts';
import { memoryFile } from './syscalls.ts';
import { giveBack, tryServer } from './trial.ts';

/** Looking through all processes of a large machine takes a while: not at each try. */
const SEEK_USERS_MS = 2_000;
/** Beyond what a trial may take by itself. */
const HANDOVER_SLACK_MS = 20_000;

const STATE_NAME = 'larder-mount';

/**
 * Mounts and stays until the mount is gone; or takes over, started by a server whose holder died, or by
 * a holder that is to be replaced.
 *
 * @throws {LarderError} `MOUNTPOINT_INVALID`, `FUSE_UNAVAILABLE`; of an upgrade `PROTOCOL_MISMATCH`,
 *   `UPGRADE_FAILED`: the mount is as it was
 */
export async function holdMount(spec: MountSpec, options: HoldOptions = {}): Promise<MountEnd> {
  const compiled = compileSpec(spec);
  if (isInherited()) return await takeOver(compiled, options);
  checkMountpoint(spec.mountpoint);
  const stateFd = memoryFile(STATE_NAME);
  const state = SharedState.create(stateFd);
  const holder = new Holder(compiled, { state, stateFd, deviceFd: mountDevice(compiled) }, options);
  holder.begin();
  return await holder.run();
}

async function takeOver(spec: CompiledSpec, options: HoldOptions): Promise<MountEnd> {
  const fds = { stateFd: STATE_FD, deviceFd: DEVICE_FD };
  let state: SharedState;
  try {
    state = SharedState.open(STATE_FD);
  } catch (error) {
    if (options.upgrades === true && error instanceof LarderError) await giveBack(error);
    throw error;
  }
  const { clock } = options;
  const trial = { ...fds, spec, state, ...(clock === undefined ? {} : { clock }) };
  const server =
    options.upgrades === true ? await tryServer(trial) : ServerProcess.known(state.serverPid);
  const holder = new Holder(spec, { ...fds, state }, options);
  holder.adopt(server);
  return await holder.run();
}

interface Handles extends ServerFds {
  readonly state: SharedState;
}

class Holder {
  readonly #spec: CompiledSpec;
  readonly #handles: Handles;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #report: (event: MountEvent) => void;
  readonly #policy: RestartPolicy;
  readonly #modes: ModeReports;
  readonly #eio: EioAnswers;
  #server: ServerProcess | undefined;
  #lastServer: ServerProcess | undefined;
  #silent = false;
  #wake = new AbortController();
  #answers = false;
  #percent = 0;
  #condition = 'serving';
  #unmountAsked = false;
  /** Who kept it busy at the last try. */
  #users = '';
  #usersSoughtMs = -Infinity;
  #end: MountEnd | undefined;
  #handover: { readonly with: Handover; readonly deadlineMs: number } | undefined;
  /** Whom the state named as server when the mount was lent. */
  #lentServerPid = 0;

  constructor(spec: CompiledSpec, handles: Handles, options: HoldOptions) {
    const { state, deviceFd } = handles;
    this.#spec = spec;
    this.#handles = handles;
    this.#clock = options.clock ?? systemClock;
    this.#signal = options.signal;
    this.#report = options.report ?? (() => undefined);
    this.#modes = new ModeReports(handles.state, this.#clock, this.#report);
    this.#policy = new RestartPolicy(spec.timings, this.#clock.monotonicMs(), state.heartbeat);
    this.#eio = new EioAnswers({ deviceFd, state, recovery: spec.recovery });
    options.onHandOver?.((command) => this.#handOver(command));
  }

  /** Holds what was just mounted. */
  begin(): void {
    const { state } = this.#handles;
    state.oomScore = readOomScore();
    setOomScore(-1000);
    state.holderPid = process.pid;
    const entry = findMount(this.#spec.mountpoint);
    if (entry !== undefined) {
      state.device = entry.device;
      setReadAhead(entry.device, this.#spec.readAheadKib);
    }
    this.#report({ kind: 'mounted' });
    this.#start();
  }

  /** Holds what another has held. */
  adopt(server: ServerProcess): void {
    const { state } = this.#handles;
    setOomScore(-1000);
    state.holderPid = process.pid;
    server.send({ kind: 'kept' });
    this.#server = server;
    this.#report({ kind: 'took-over', serverPid: server.pid ?? 0 });
  }

  async run(): Promise<MountEnd> {
    const wake = () => {
      this.#wake.abort();
    };
    const onAbort = () => {
      this.#unmountAsked = true;
      wake();
    };
    this.#signal?.addEventListener('abort', onAbort);
    if (this.#signal?.aborted === true) onAbort();
    process.once('disconnect', wake);
    let end = this.#look();
    while (end === undefined) {
      await this.#pause();
      end = this.#look();
    }
    if (end.kind !== 'handed-over') await this.#stopServer();
    process.off('disconnect', wake);
    this.#signal?.removeEventListener('abort', onAbort);
    return end;
  }

  async #pause(): Promise<void> {
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    await this.#clock.sleep(this.#spec.timings.watchMs, this.#wake.signal).catch(() => undefined);
  }

  #look(): MountEnd | undefined {
    const { state } = this.#handles;
    if (state.holderPid !== process.pid) return { kind: 'handed-over' };
    if (this.#unmountAsked) this.#tryUnmount();
    const failure = this.#server?.failure ?? this.#lastServer?.failure;
    if (state.ended) {
      this.#takeAway();
      this.#end ??= { kind: 'unmounted' };
    } else if (failure !== undefined && state.negotiated === undefined) {
      this.#abort({ kind: 'failed', error: failure });
    }
    if (this.#end !== undefined) return this.#end;
    this.#reportProgress();
    this.#watchHandover();
    if (this.#handover?.with.isLent === true) return undefined;
    this.#watch();
    this.#reportCondition();
    return this.#end;
  }

  #watch(): void {
    const { state } = this.#handles;
    const nowMs = this.#clock.monotonicMs();
    const alive = this.#server?.isAlive === true;
    if (!alive) this.#lose('died');
    const decision = this.#policy.observe({ nowMs, alive, heartbeat: state.heartbeat });
    switch (decision) {
      case 'wait':
        if (!alive) this.#whileWaiting();
        return;
      case 'kill':
        this.#lose('silent');
        this.#watch();
        return;
      case 'start':
        this.#start();
    }
  }

  /** No server runs, and none is to be started yet. */
  #whileWaiting(): void {
    const outlook = this.#policy.outlook(this.#clock.monotonicMs());
    if (outlook === undefined || outlook.hopelessInMs > 0) return;
    if (this.#handles.state.negotiated === undefined) this.#abort({ kind: 'gave-up' });
    else this.#eio.answer();
  }

  #lose(why: 'died' | 'silent'): void {
    const server = this.#server;
    if (server === undefined) return;
    server.kill();
    this.#server = undefined;
    this.#lastServer = server;
    this.#silent = why === 'silent';
    if (server.pid !== undefined) this.#report({ kind: 'server-lost', pid: server.pid, why });
  }

  #start(): void {
    this.#eio.end();
    this.#server = ServerProcess.start(this.#spec.serverCommand, this.#handles, () => {
      this.#wake.abort();
    });
    this.#policy.started(this.#clock.monotonicMs());
    const { pid } = this.#server;
    if (pid === undefined) return;
    this.#report({ kind: 'server-started', pid, count: this.#handles.state.countServer() });
  }

  #handOver(command: readonly string[]): Promise<LarderError> {
    if (this.#handover !== undefined) {
      const why = 'another upgrade of this mount is under way';
      return Promise.resolve(new LarderError('UPGRADE_REFUSED', { why }));
    }
    const { prepareMs, provenMs, silenceMs } = this.#spec.timings;
    const limitMs = prepareMs + provenMs + silenceMs + HANDOVER_SLACK_MS;
    return new Promise((resolve) => {
      const handover = new Handover({
        command,
        fds: this.#handles,
        lend: () => this.#lend(),
        wake: () => {
          this.#wake.abort();
        },
        done: resolve,
      });
      this.#handover = { with: handover, deadlineMs: this.#clock.monotonicMs() + limitMs };
    });
  }

  #lend(): number {
    this.#eio.end();
    this.#lentServerPid = this.#handles.state.serverPid;
    return this.#server?.isAlive === true ? (this.#server.pid ?? 0) : 0;
  }

  #watchHandover(): void {
    const handover = this.#handover;
    if (handover === undefined) return;
    if (this.#clock.monotonicMs() > handover.deadlineMs) handover.with.kill();
    if (!handover.with.hasEnded) return;
    this.#handover = undefined;
    // Where it was not lent, the server that ran runs still.
    if (handover.with.isLent) this.#takeBack();
    handover.with.close();
  }

  /** The server that is told to serve may be of the other installation, or none is left. */
  #takeBack(): void {
    const { serverPid } = this.#handles.state;
    const isUntouched = serverPid === this.#lentServerPid;
    if (isUntouched && this.#server?.isAlive === true) return;
    if (!isUntouched) ServerProcess.known(serverPid).kill();
    this.#lose('died');
    this.#start();
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
    this.#modes.look();
  }

  /** When it changes, not each time that a time in it does. */
  #reportCondition(): void {
    const condition = this.#describe();
    const key =
      condition.state === 'serving'
        ? condition.state
        : `${condition.state} ${String(condition.failures)} ${condition.lastError}`;
    if (key === this.#condition) return;
    this.#condition = key;
    this.#report({ kind: 'condition', condition });
  }

  #describe(): MountCondition {
    const outlook = this.#policy.outlook(this.#clock.monotonicMs());
    if (outlook === undefined) return { state: 'serving' };
    const { failures, nextTryInMs, hopelessInMs } = outlook;
    const lastError = this.#silent ? 'silent' : (this.#lastServer?.lastWords ?? '');
    const waits = hopelessInMs > 0 ? 'waiting' : 'failing';
    const state = this.#server === undefined ? waits : 'restarted';
    const readsFailInMs = Math.max(0, hopelessInMs);
    return { state, failures, nextTryInMs, readsFailInMs, lastError };
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
    while (this.#server?.isAlive === true && this.#clock.monotonicMs() < deadlineMs) {
      await this.#clock.sleep(Math.min(20, watchMs));
    }
    this.#server?.kill();
  }
}

/** Whether a server, or the holder before, has started this process to hold a mount. */
function isInherited(): boolean {
  try {
    fstatSync(DEVICE_FD);
    return readlinkSync(`/proc/self/fd/${String(STATE_FD)}`).startsWith(`/memfd:${STATE_NAME}`);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}
