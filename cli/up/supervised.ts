/**
 * A child process that is started again when it dies, with a pause that doubles while it keeps dying.
 *
 * States: running → (ended by itself) waiting → running …; stopping from anywhere, and then ended.
 */
import { systemClock } from '../../common/index.ts';
import type { Logger } from '../../common/index.ts';
import { endChild, startChild } from '../children.ts';
import type { ReadyChild } from '../children.ts';

export interface SupervisedOptions {
  readonly role: string;
  /** @param details of the first start: a child that comes back takes the same addresses */
  readonly args: (details: ReadyChild['details'] | undefined) => string[];
  readonly env: Readonly<Record<string, string>>;
  readonly readyTimeoutMs: number;
  readonly log: Logger;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A child that ran this long was well: the next pause is the first one again. */
const WELL_AFTER_MS = 10_000;

export class Supervised {
  readonly #options: SupervisedOptions;
  readonly #first: ReadyChild['details'];
  readonly #stopping = new AbortController();
  #child: ReadyChild;
  #startedMs: number;
  #pauseMs = FIRST_PAUSE_MS;
  #restarting: Promise<void> = Promise.resolve();

  /** Not for callers: see the static method. */
  constructor(options: SupervisedOptions, child: ReadyChild) {
    this.#options = options;
    this.#child = child;
    this.#first = child.details;
    this.#startedMs = systemClock.monotonicMs();
    this.#watch();
  }

  /** @throws {LarderError} why the child cannot start */
  static async start(options: SupervisedOptions): Promise<Supervised> {
    // A session of its own: Ctrl-C in the terminal is for `up`, which ends its children in order.
    const { args, env, readyTimeoutMs } = options;
    const child = await startChild({ args: args(undefined), env, readyTimeoutMs, detached: true });
    return new Supervised(options, child);
  }

  /** What the child said when it was first ready. */
  get details(): ReadyChild['details'] {
    return this.#first;
  }

  /** SIGTERM, and SIGKILL for one that does not end in time. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#restarting;
    const { process: child } = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
    });
    endChild(child, 'SIGTERM');
    const cancel = systemClock.schedule(timeoutMs, () => {
      endChild(child, 'SIGKILL');
    });
    await ended;
    cancel();
  }

  #watch(): void {
    this.#child.process.once('exit', (exitCode, signal) => {
      if (this.#stopping.signal.aborted) return;
      const { log, role } = this.#options;
      log.warn({ role, exitCode, signal }, 'a process ended; starting it again');
      if (systemClock.monotonicMs() - this.#startedMs > WELL_AFTER_MS)
        this.#pauseMs = FIRST_PAUSE_MS;
      this.#restarting = this.#restart();
    });
  }

  async #restart(): Promise<void> {
    const { args, env, readyTimeoutMs, log, role } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await systemClock.sleep(this.#pauseMs, signal).catch(() => undefined);
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- aborted while asleep
      if (signal.aborted) return;
      try {
        const again = { args: args(this.#first), env, readyTimeoutMs, detached: true, signal };
        const child = await startChild(again);
        this.#child = child;
        this.#startedMs = systemClock.monotonicMs();
        this.#watch();
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- aborted meanwhile
        if (signal.aborted) endChild(child.process, 'SIGTERM');
        return;
      } catch (error) {
        log.error({ err: error, role }, 'a process cannot be started; trying again');
      }
    }
  }
}
