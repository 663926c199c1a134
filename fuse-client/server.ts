/**
 * The serving process of a mount: serving threads, the event loop for what must wait, and the link
 * to the holder.
 *
 * Always true:
 *   - it is crash-only: it ends by SIGKILL (its own, at last), because threads that are blocked in a
 *     read of /dev/fuse cannot be ended otherwise; whatever it leaves unanswered its successor finds;
 *   - SIGTERM, SIGINT and SIGHUP do nothing to it: whoever wants the mount to end tells the holder;
 *   - it never looks below its own mount, but for a statfs that wakes a thread: it could wait for itself;
 *   - when the holder dies, it starts another.
 *
 * A successor answers 230–310 ms after SIGKILL, nearly all of it loading modules, once for the event
 * loop and once per thread: what `connect` needs is best imported in there.
 */
import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { MountSource } from '../sdk/index.ts';
import {
  asLarderError,
  FUSE_MAX_READ_BYTES,
  silentLogger,
  systemClock,
  systemCode,
} from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import { INIT_FLAG2, NOTIFY_RESEND, OUT_HEADER_BYTES } from './abi.ts';
import { DeferredRequests } from './deferred.ts';
import { Reply } from './encode.ts';
import { EvictionNotices, EVERYTHING } from './eviction-notices.ts';
import { ExtentTable } from './extents.ts';
import type { ServerFailure } from './holder.ts';
import { NO_LOCAL_BYTES } from './local-objects.ts';
import { OpenReports } from './open-reports.ts';
import { kill, setOomScore } from './processes.ts';
import { FuseSession } from './session.ts';
import { filesOf, openFiles } from './serving-thread.ts';
import type { SourceFiles, ThreadData, ThreadMessage } from './serving-thread.ts';
import { compileSpec, DEVICE_FD, STATE_FD } from './spec.ts';
import type { CompiledSpec, MountSpec } from './spec.ts';
import { SharedState } from './state.ts';
import { TouchRing } from './touches.ts';
import type { Touched } from './touches.ts';

export interface ServeOptions {
  /** Called once; its rejection ends the mount if it never answered, else only this server. */
  readonly connect: (signal: AbortSignal) => Promise<MountSource>;
  readonly log?: Logger;
  readonly clock?: Clock;
  /** The last thing before the process ends, where it has a say in it. */
  readonly beforeEnd?: () => void;
}

/**
 * Serves a mount whose holder has started this process. Never returns: the process ends by SIGKILL,
 * when the mount has ended, or when it cannot connect.
 */
export async function serveMount(spec: MountSpec, options: ServeOptions): Promise<never> {
  return await new Server(compileSpec(spec), options).run(options.connect);
}

/**
 * Of JavaScript objects a serving thread has a few MiB; the limit also decides how much memory of decoded
 * pages that are done with may wait for a collection. One thread that walked 6,000,000 entries had 191
 * MiB of its own without a limit, 120 with 128, 93 with 64 (and 5 to 15 % more CPU time).
 */
const THREAD_HEAP_MIB = 96;

class Server {
  readonly #spec: CompiledSpec;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #state = SharedState.open(STATE_FD);
  readonly #touches: TouchRing[] = [];
  readonly #extents = new ExtentTable();
  readonly #evictions: EvictionNotices;
  readonly #opens: OpenReports;
  #deferred: DeferredRequests | undefined;
  #source: MountSource | undefined;
  readonly #beforeEnd: () => void;
  #ending = false;

  constructor(spec: CompiledSpec, options: ServeOptions) {
    this.#spec = spec;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLogger;
    this.#beforeEnd = options.beforeEnd ?? (() => undefined);
    this.#evictions = new EvictionNotices(spec.mountpoint, spec.threads, this.#clock);
    this.#opens = new OpenReports(this.#state.openTable);
  }

  async run(connect: (signal: AbortSignal) => Promise<MountSource>): Promise<never> {
    // Meant for the holder, which unmounts first; this process lives as long as the mount.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => undefined);
    const left = this.#takeOver();
    void this.#beat();
    this.#watchHolder();
    const connected = connect(new AbortController().signal);
    try {
      const known = this.#knownSource();
      // A successor answers from the files of its predecessor's source while it connects.
      if (known !== undefined) this.#serve(known, connected, left);
      const source = await connected;
      this.#source = source;
      const files = filesOf(source);
      const changed = this.#state.source !== JSON.stringify(files);
      if (changed) this.#state.source = JSON.stringify(files);
      if (known === undefined) this.#serve(files, connected, left);
      // The worker keeps its objects elsewhere now: a successor begins with that.
      else if (changed) this.#endProcess();
      source.onEvicted((objectId) => {
        this.#evictions.announce(objectId);
      });
      // Evictions are told only to those who are connected, and another worker may be there next.
      source.onDisconnected(() => {
        this.#extents.clear();
        this.#evictions.announce(EVERYTHING);
      });
      return await this.#report(source);
    } catch (error) {
      return await this.#fail(error);
    }
  }

  /** @returns the slots whose requests a dead server left, where the kernel does not send them again */
  #takeOver(): number[] {
    const state = this.#state;
    setOomScore(state.oomScore);
    state.takeOver(process.pid);
    const kernelFlags2 = state.negotiated?.kernelFlags2 ?? 0;
    const canResend = (kernelFlags2 & INIT_FLAG2.HAS_RESEND) !== 0;
    if (!canResend || this.#spec.recovery === 'slots') {
      const left = state.collectRequests();
      this.#log.debug({ recovery: 'slots', left: left.length }, 'took over');
      return left;
    }
    this.#log.debug({ recovery: 'resend' }, 'took over');
    state.clearSlots();
    resend();
    return [];
  }

  #serve(files: SourceFiles, source: Promise<MountSource>, left: readonly number[]): void {
    const version = openFiles(files);
    this.#opens.setFiles(version);
    const session = new FuseSession({
      deviceFd: DEVICE_FD,
      state: this.#state,
      files: version,
      bytes: NO_LOCAL_BYTES,
      openMode: this.#spec.openMode,
      onError: (error, opcode) => {
        this.#log.warn({ opcode, code: error.code }, error.message);
      },
    });
    const deferred = new DeferredRequests({
      deviceFd: DEVICE_FD,
      state: this.#state,
      session,
      files: version,
      source,
      reply: new Reply(FUSE_MAX_READ_BYTES),
      maxWaitingBytes: this.#spec.maxWaitingBytes,
      clock: this.#clock,
      completeDirectory: files.completeDirectory,
      extents: this.#extents,
      touches: this.#newRing(),
    });
    this.#deferred = deferred;
    for (let index = 0; index < this.#spec.threads; index++) this.#startThread(index, files);
    for (const slot of left) deferred.accept(slot, true);
  }

  #startThread(index: number, source: SourceFiles): void {
    const evicted = this.#evictions.port(index);
    const data: ThreadData = {
      deviceFd: DEVICE_FD,
      stateFd: STATE_FD,
      openMode: this.#spec.openMode,
      openFiles: this.#spec.openFilesPerThread,
      source,
      touches: this.#newRing().memory,
      extents: this.#extents.memory,
      evictions: this.#evictions.memory,
      index,
      evicted,
    };
    // `.ts` from the sources, `.js` as built.
    const entry = new URL(`./serving-thread${extname(import.meta.url)}`, import.meta.url);
    const thread = new Worker(entry, {
      workerData: data,
      transferList: [evicted],
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MIB },
    });
    thread.on('message', (message: ThreadMessage) => {
      this.#onMessage(message);
    });
    thread.on('error', (error) => {
      this.#log.fatal({ err: error }, 'a serving thread failed');
      this.#endProcess();
    });
  }

  #newRing(): TouchRing {
    const ring = new TouchRing();
    this.#touches.push(ring);
    return ring;
  }

  #onMessage(message: ThreadMessage): void {
    switch (message.kind) {
      case 'deferred':
        this.#deferred?.accept(message.slot);
        return;
      case 'error':
        this.#log.warn({ opcode: message.opcode }, message.what);
        return;
      case 'ended':
        void this.#end();
    }
  }

  async #beat(): Promise<void> {
    for (;;) {
      this.#state.beat();
      await this.#clock.sleep(this.#spec.timings.heartbeatMs);
    }
  }

  /** Tells the source what is read and open here, and the holder how far the manifest is. */
  async #report(source: MountSource): Promise<never> {
    for (;;) {
      const touched = new Map<number, Touched>();
      for (const ring of this.#touches) ring.take(touched);
      // In the order of the manifest, from which the worker sees what will be read next.
      const inOrder = [...touched.values()].sort((a, b) => a.ordinal - b.ordinal);
      for (const { ordinal, offsetBytes, endBytes, bytes } of inOrder) {
        source.reportTouched(ordinal, offsetBytes, endBytes - offsetBytes, bytes);
      }
      this.#opens.report(source);
      this.#state.manifestPercent = source.manifestPercent();
      await this.#clock.sleep(this.#spec.timings.reportMs);
    }
  }

  #watchHolder(): void {
    const onGone = () => {
      if (!this.#ending && !this.#state.ended) this.#startHolder();
    };
    process.once('disconnect', onGone);
    if (!process.connected) onGone();
  }

  #startHolder(): void {
    const [program = process.execPath, ...args] = this.#spec.holderCommand;
    const child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'inherit', DEVICE_FD, STATE_FD, 'ipc'],
      detached: true,
    });
    child.once('exit', () => {
      if (this.#ending || this.#state.ended) return;
      void this.#clock.sleep(this.#spec.timings.watchMs).then(() => {
        this.#startHolder();
      });
    });
    child.on('error', (error) => {
      this.#log.error({ err: error }, 'no holder could be started');
    });
  }

  #knownSource(): SourceFiles | undefined {
    const text = this.#state.source;
    return text === '' ? undefined : (JSON.parse(text) as SourceFiles);
  }

  /** The mount is gone: gives back what the source holds, for a while, and ends. */
  async #end(): Promise<never> {
    if (this.#ending) return await new Promise<never>(() => undefined);
    this.#ending = true;
    const deadline = this.#clock.sleep(this.#spec.timings.stopMs / 2);
    await Promise.race([disposeQuietly(this.#source), deadline]);
    return this.#endProcess();
  }

  async #fail(error: unknown): Promise<never> {
    const known = asLarderError(error);
    this.#log.error({ err: error }, 'the mount cannot be served');
    const { code, facts } = known;
    const failure: ServerFailure = { kind: 'failed', code, facts };
    await new Promise<void>((resolve) => {
      if (process.send === undefined || !process.connected) resolve();
      else
        process.send(failure, undefined, undefined, () => {
          resolve();
        });
    });
    return this.#endProcess();
  }

  #endProcess(): never {
    this.#beforeEnd();
    return endProcess();
  }
}

/** Has the kernel send every request again that was taken and not answered. */
function resend(): void {
  const notification = Buffer.alloc(OUT_HEADER_BYTES);
  notification.writeUInt32LE(OUT_HEADER_BYTES, 0);
  notification.writeInt32LE(NOTIFY_RESEND, 4);
  try {
    writeSync(DEVICE_FD, notification);
  } catch (error) {
    // The mount has ended meanwhile: the threads will be told.
    if (systemCode(error) !== 'ENODEV') throw error;
  }
}

/** What it holds elsewhere lapses by itself where this fails. */
async function disposeQuietly(source: MountSource | undefined): Promise<void> {
  try {
    await source?.[Symbol.asyncDispose]();
  } catch {
    // See above.
  }
}

function endProcess(): never {
  kill(process.pid, 'SIGKILL');
  throw new Error('SIGKILL is not survived');
}
