/**
 * The holder of a `fuse-native` mount: starts its server, watches it, and unmounts.
 *
 * It cannot hold more than that: libfuse keeps the fd of /dev/fuse in the server. When a server dies or
 * hangs, the holder ends too and leaves the dead mount there, so that readers get ENOTCONN and not an
 * empty directory; whoever wants the mount detaches it and makes it anew, as `larder up` does.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { LarderError, systemClock } from '../../common/index.ts';
import { checkMountpoint, describeUsers, findHolders, isMounted, unmount } from '../mount.ts';
import type { HoldOptions, MountEnd, MountEvent } from '../mount-events.ts';
import { compileSpec } from '../spec.ts';
import type { CompiledSpec, MountSpec } from '../spec.ts';
import type { NativeMessage } from './server.ts';

/** @throws {LarderError} `MOUNTPOINT_INVALID` */
export async function holdNativeMount(
  spec: MountSpec,
  options: HoldOptions = {},
): Promise<MountEnd> {
  const compiled = compileSpec(spec);
  checkMountpoint(compiled.mountpoint);
  return await new NativeHolder(compiled, options).run();
}

class NativeHolder {
  readonly #spec: CompiledSpec;
  readonly #options: HoldOptions;
  readonly #report: (event: MountEvent) => void;
  readonly #server: ChildProcess;
  #failure: LarderError | undefined;
  #serving = false;
  #percent = 0;
  #beatMs: number;
  #users = '';

  constructor(spec: CompiledSpec, options: HoldOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#report = options.report ?? (() => undefined);
    this.#beatMs = this.#nowMs();
    const [program = process.execPath, ...args] = spec.serverCommand;
    this.#server = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#server.on('message', (message: NativeMessage) => {
      this.#onMessage(message);
    });
    this.#server.on('error', (error) => {
      this.#failure = new LarderError('UNAVAILABLE', { what: error.message });
    });
    const { pid } = this.#server;
    if (pid !== undefined) this.#report({ kind: 'server-started', pid, count: 1 });
  }

  async run(): Promise<MountEnd> {
    const { clock = systemClock } = this.#options;
    for (;;) {
      const end = this.#look();
      if (end !== undefined) {
        this.#server.kill('SIGKILL');
        return end;
      }
      await clock.sleep(this.#spec.timings.watchMs);
    }
  }

  #look(): MountEnd | undefined {
    const { mountpoint, timings } = this.#spec;
    if (this.#options.signal?.aborted === true) return this.#unmount();
    if (this.#serving && !isMounted(mountpoint)) return { kind: 'unmounted' };
    const { pid = 0, exitCode, signalCode } = this.#server;
    const isDead = exitCode !== null || signalCode !== null || this.#failure !== undefined;
    const limitMs = this.#serving ? timings.silenceMs : timings.startMs;
    const isSilent = this.#nowMs() - this.#beatMs > limitMs;
    if (!isDead && !isSilent) return undefined;
    this.#report({ kind: 'server-lost', pid, why: isDead ? 'died' : 'silent' });
    this.#server.kill('SIGKILL');
    if (!this.#serving) this.#takeAway();
    return this.#failure === undefined
      ? { kind: 'gave-up' }
      : { kind: 'failed', error: this.#failure };
  }

  /** Tried at each look until it is done. */
  #unmount(): MountEnd | undefined {
    const { mountpoint, whenBusy } = this.#spec;
    if (!isMounted(mountpoint)) return { kind: 'unmounted' };
    try {
      // Whoever still uses what is detached gets errors: its server ends with this.
      unmount(mountpoint, { lazy: whenBusy !== 'stay' });
      return { kind: 'unmounted' };
    } catch (error) {
      if (!(error instanceof LarderError)) throw error;
      const users = findHolders(mountpoint);
      const text = describeUsers(users);
      if (text !== this.#users) this.#report({ kind: 'busy', users });
      this.#users = text;
      return undefined;
    }
  }

  #takeAway(): void {
    const { mountpoint } = this.#spec;
    try {
      if (isMounted(mountpoint)) unmount(mountpoint, { lazy: true });
    } catch (error) {
      if (!(error instanceof LarderError)) throw error;
    }
  }

  #onMessage(message: NativeMessage): void {
    switch (message.kind) {
      case 'alive':
        this.#beatMs = this.#nowMs();
        if (message.manifestPercent === this.#percent) return;
        this.#percent = message.manifestPercent;
        this.#report({ kind: 'manifest', percent: this.#percent });
        return;
      case 'serving':
        this.#serving = true;
        this.#report({ kind: 'mounted' });
        this.#report({ kind: 'serving' });
        return;
      case 'failed':
        this.#failure = new LarderError(message.code, message.facts);
    }
  }

  #nowMs(): number {
    return (this.#options.clock ?? systemClock).monotonicMs();
  }
}
