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
import { Worker } from 'node:worker_threads';
import type { MountSource } from '../sdk/index.ts';
import { asLarderError, FUSE_MAX_READ_BYTES, silentLogger, systemClock } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import { INIT_FLAG2 } from './abi.ts';
import { KernelBackingFiles } from './backing-files.ts';
import { decideMode } from './decide-mode.ts';
import { DeferredRequests } from './deferred.ts';
import { Reply } from './encode.ts';
import { EvictionNotices, EVERYTHING } from './eviction-notices.ts';
import { ExtentTable } from './extents.ts';
import { NO_LOCAL_BYTES } from './local-objects.ts';
import { MappedFiles } from './mapped-files.ts';
import { deviceInMaps, findMount } from './mount.ts';
import { makeReadOnly } from './mount-device.ts';
import { OpenReports } from './open-reports.ts';
import type { VersionFiles } from './operations.ts';
import { Opens } from './opens.ts';
import { kill, setOomScore, startTimeOf } from './processes.ts';
import { ReadReports } from './read-reports.ts';
import { recoverRequests } from './recovery.ts';
import type { ServerMessage, ServerOrder } from './server-process.ts';
import { FuseSession } from './session.ts';
import { filesOf, openFiles } from './serving-thread.ts';
import type { SourceFiles, ThreadData, ThreadMessage } from './serving-thread.ts';
import { compileSpec, DEVICE_FD, STATE_FD } from './spec.ts';
import type { CompiledSpec, MountSpec } from './spec.ts';
import { SharedState } from './state.ts';

export interface ServeOptions {
  /** Called once; its rejection ends the mount if it never answered, else only this server. */
  readonly connect: (signal: AbortSignal) => Promise<MountSource>;
  readonly log?: Logger;
  readonly clock?: Clock;
  /** The last thing before the process ends, where it has a say in it. */
  readonly beforeEnd?: () => void;
  /** Of an upgrade: makes ready beside the server that serves, and serves when it is told to. */
  readonly waits?: boolean;
}

/**
 * Serves a mount whose holder has started this process. Never returns: the process ends by SIGKILL,
 * when the mount has ended, or when it cannot connect.
 */
export async function serveMount(spec: MountSpec, options: ServeOptions): Promise<never> {
  let server: Server;
  try {
    server = new Server(compileSpec(spec), options);
  } catch (error) {
    // Such as a state of another format.
    await reportFailure(error);
    throw error;
  }
  return await server.run(options.connect);
}

/**
 * Of JavaScript objects a serving thread has a few MiB; the limit also decides how much memory of decoded
 * pages that are done with may wait for a collection. One thread that walked 6,000,000 entries had 191
 * MiB of its own without a limit, 120 with 128, 93 with 64 (and 5 to 15 % more CPU time). Two threads that
 * walked 10,000,000: the process had 299 and 300 MiB with 96, 280 and 282 with 64.
 */
const THREAD_HEAP_MIB = 64;

class Server {
  readonly #spec: CompiledSpec;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #state = SharedState.open(STATE_FD);
  readonly #reads = new ReadReports(this.#state.openTable, DEVICE_FD);
  readonly #extents = new ExtentTable();
  readonly #backing = new KernelBackingFiles(DEVICE_FD);
  readonly #evictions: EvictionNotices;
  readonly #opens: OpenReports;
  #deferred: DeferredRequests | undefined;
  #source: MountSource | undefined;
  readonly #beforeEnd: () => void;
  readonly #waits: boolean;
  /** Told to serve, and not yet to stay. */
  #onTrial = false;
  #ending = false;

  constructor(spec: CompiledSpec, options: ServeOptions) {
    this.#spec = spec;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLogger;
    this.#waits = options.waits ?? false;
    this.#beforeEnd = options.beforeEnd ?? (() => undefined);
    this.#evictions = new EvictionNotices(spec.mountpoint, spec.threads, this.#clock);
    this.#opens = new OpenReports(this.#state.openTable);
  }

  async run(connect: (signal: AbortSignal) => Promise<MountSource>): Promise<never> {
    // Meant for the holder, which unmounts first; this process lives as long as the mount.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => undefined);
    const connected = connect(new AbortController().signal);
    const prepared = this.#waits ? await this.#untilTold(connected) : undefined;
    const left = this.#takeOver();
    void this.#beat();
    this.#watchHolder();
    try {
      // One that has waited has connected.
      const known = this.#waits ? undefined : this.#knownSource();
      // A successor answers from the files of its predecessor's source while it connects.
      if (known !== undefined) this.#serve(known, openFiles(known), { source: connected, left });
      const source = await connected;
      this.#source = source;
      const files = filesOf(source, this.#spec.integrity);
      const version = known === undefined ? (prepared ?? openFiles(files)) : undefined;
      if (version !== undefined) await this.#decideMode(version, source);
      const changed = this.#state.source !== JSON.stringify(files);
      if (changed) this.#state.source = JSON.stringify(files);
      if (version !== undefined) this.#serve(files, version, { source: connected, left });
      // The worker keeps its objects elsewhere now: a successor begins with that.
      else if (changed) this.#endProcess();
      source.onEvicted((objectId) => {
        this.#evictions.announce(objectId);
      });
      // A thread may hang with a disk that was given up: another server begins with the others.
      source.onMoved(() => {
        this.#state.source = JSON.stringify(filesOf(source, this.#spec.integrity));
        this.#endProcess();
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

  /** Serving would be possible from here on; nothing of the mount was touched. */
  async #untilTold(connected: Promise<MountSource>): Promise<VersionFiles> {
    setOomScore(this.#state.oomScore);
    // Told by nobody any more, it must not serve: another may.
    const onGone = () => this.#endProcess();
    process.once('disconnect', onGone);
    if (!process.connected) onGone();
    const told = new Promise<void>((resolve) => {
      process.on('message', ({ kind }: ServerOrder) => {
        this.#onTrial = kind === 'go';
        resolve();
      });
    });
    const version = await connected
      .then((source) => openFiles(filesOf(source, this.#spec.integrity)))
      .catch((error: unknown) => this.#fail(error));
    await send({ kind: 'prepared' });
    await told;
    process.off('disconnect', onGone);
    return version;
  }

  /** @returns the slots whose requests a dead server left, where the kernel does not send them again */
  #takeOver(): readonly number[] {
    setOomScore(this.#state.oomScore);
    const mayBeOpen = (this.#state.flags2 & INIT_FLAG2.PASSTHROUGH) !== 0;
    this.#state.takeOver(process.pid, mayBeOpen ? this.#backing : undefined);
    const { recovery, left } = recoverRequests(this.#state, DEVICE_FD, this.#spec.recovery);
    this.#log.debug({ recovery, left: left.length }, 'took over');
    return left;
  }

  /** By the first server, before it says what it serves: whoever finds that finds this too. */
  async #decideMode({ reader }: VersionFiles, source: MountSource): Promise<void> {
    if (this.#state.decision !== undefined) return;
    const decision = await decideMode({
      choice: this.#spec.openMode,
      reader,
      fetch: async (offsetBytes, lengthBytes) => {
        await source.fetchManifest(offsetBytes, lengthBytes, new AbortController().signal);
      },
    });
    this.#log.debug({ ...decision }, 'open mode');
    if (decision.mode === 'none') makeReadOnly(this.#spec.mountpoint);
    this.#state.decide(decision);
  }

  #serve(
    files: SourceFiles,
    version: VersionFiles,
    { source, left }: { source: Promise<MountSource>; left: readonly number[] },
  ): void {
    this.#opens.setFiles(version);
    const session = new FuseSession({
      deviceFd: DEVICE_FD,
      state: this.#state,
      files: version,
      bytes: NO_LOCAL_BYTES,
      opens: new Opens({
        state: this.#state,
        files: version,
        backing: this.#backing,
        integrity: this.#spec.integrity,
        completeDirectories: files.completeDirectories,
        mayWait: false,
      }),
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
      completeDirectories: files.completeDirectories,
      extents: this.#extents,
      touches: this.#reads.newRing(),
      mapped: this.#mappedFiles(),
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
      integrity: this.#spec.integrity,
      openFiles: this.#spec.openFilesPerThread,
      source,
      touches: this.#reads.newRing().memory,
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

  #mappedFiles(): MappedFiles {
    return new MappedFiles({
      clock: this.#clock,
      device: () => {
        const entry = findMount(this.#spec.mountpoint);
        return entry && deviceInMaps(entry);
      },
      report: (ordinal, offsetBytes) => {
        this.#source?.reportMapped(ordinal, offsetBytes);
      },
    });
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
      this.#reads.report(source);
      this.#opens.report(source);
      this.#state.manifestPercent = source.manifestPercent();
      await this.#clock.sleep(this.#spec.timings.reportMs);
    }
  }

  #watchHolder(): void {
    const onGone = () => {
      if (this.#ending || this.#state.ended) return;
      // The holder that lent the mount to the one that died goes on with a server of its own.
      if (this.#onTrial && startTimeOf(this.#state.holderPid) !== undefined) this.#endProcess();
      this.#startHolder();
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
    if (text === '') return undefined;
    // A release before 0.2 wrote down one directory: this server begins again when it has connected.
    const { completeDirectories = [], ...files } = JSON.parse(text) as Partial<SourceFiles>;
    return { ...(files as SourceFiles), completeDirectories };
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
    this.#log.error({ err: error }, 'the mount cannot be served');
    await reportFailure(error);
    return this.#endProcess();
  }

  #endProcess(): never {
    this.#beforeEnd();
    return endProcess();
  }
}

/** Tells the holder why this server cannot serve. */
async function reportFailure(error: unknown): Promise<void> {
  const { code, facts } = asLarderError(error);
  await send({ kind: 'failed', code, facts });
}

async function send(message: ServerMessage): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else
      process.send(message, undefined, undefined, () => {
        resolve();
      });
  });
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
