/**
 * The new holder's side of an upgrade: a server of the new installation is made ready beside the one that
 * serves, takes its place, and has to prove itself before the old installation is let go.
 *
 *   1. The new server loads everything, opens the state and connects. Whatever can be wrong with an
 *      installation mostly shows here, where nobody has been disturbed yet.
 *   2. The old holder lends the mount; the old server gets SIGKILL, the new one the word to serve.
 *   3. When it has served for `provenMs` the mount is this holder's for good.
 *
 * Always true: before the third step a failure, or the death of this process, gives the mount back to the
 * holder before; where that one has died meanwhile, this one stays, whatever its server does.
 *
 * `handover.ts` is the other side.
 */
import { LarderError, systemClock } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import type { LendMessage, TrialMessage } from './handover.ts';
import { hasNoThreads } from './processes.ts';
import { ServerProcess } from './server-process.ts';
import type { ServerFds } from './server-process.ts';
import type { CompiledSpec } from './spec.ts';
import type { SharedState } from './state.ts';

/** The last argument of a server that is to wait until it is told to serve. */
export const WAIT_ARGUMENT = 'wait';

const LOOK_EVERY_MS = 20;
const GONE_EVERY_MS = 2;
/** A thread that takes longer waits for a disk, and takes no request any more. */
const END_MS = 5_000;
/** The old holder only has to answer. */
const LEND_MS = 10_000;

export interface TrialOptions extends ServerFds {
  readonly spec: CompiledSpec;
  readonly state: SharedState;
  readonly clock?: Clock;
}

/**
 * @returns the server that serves: the caller is the holder now
 * @throws {LarderError} why not; the old holder has been told, and goes on
 */
export async function tryServer(options: TrialOptions): Promise<ServerProcess> {
  const trial = new Trial(options);
  try {
    return await trial.run();
  } catch (error) {
    if (!(error instanceof LarderError)) throw error;
    await giveBack(error);
    throw error;
  }
}

/** Tells the old holder, where there is one. */
export async function giveBack({ code, facts }: LarderError): Promise<void> {
  await tell({ kind: 'trial-failed', code, facts });
}

class Trial {
  readonly #options: TrialOptions;
  readonly #clock: Clock;
  #lent: LendMessage | undefined;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async run(): Promise<ServerProcess> {
    const { spec, state } = this.#options;
    const { prepareMs, provenMs, silenceMs } = spec.timings;
    const onMessage = (message: LendMessage) => (this.#lent = message);
    process.on('message', onMessage);
    const command = [...spec.serverCommand, WAIT_ARGUMENT];
    const server = ServerProcess.start(command, this.#options, () => undefined);
    try {
      await this.#until(() => server.isPrepared, { server, withinMs: prepareMs });
      await tell({ kind: 'trial-ready' });
      await this.#until(() => this.#lent !== undefined, { server, withinMs: LEND_MS });
      const beats = await this.#replace(server);
      const sinceMs = this.#clock.monotonicMs();
      const isProven = () =>
        state.heartbeat !== beats && this.#clock.monotonicMs() - sinceMs >= provenMs;
      await this.#until(isProven, { server, withinMs: provenMs + silenceMs });
    } catch (error) {
      // Nobody to give back to: a holder with a server that fails is better than none.
      if (this.#lent !== undefined && !process.connected) return server;
      server.kill();
      throw error;
    } finally {
      process.off('message', onMessage);
    }
    return server;
  }

  /** @returns what the heartbeat was */
  async #replace(server: ServerProcess): Promise<number> {
    const { state } = this.#options;
    const old = this.#lent?.serverPid ?? 0;
    ServerProcess.known(old).kill();
    // A thread that waits in a read may take one more request on its way out. The new server, which has
    // nothing to load any more, would have asked for what was left before that, and nobody would answer it.
    const deadlineMs = this.#clock.monotonicMs() + END_MS;
    while (!hasNoThreads(old) && this.#clock.monotonicMs() < deadlineMs) {
      await this.#clock.sleep(GONE_EVERY_MS);
    }
    // Before it is told: should this process die now, the old holder knows whom to end.
    state.serverPid = server.pid ?? 0;
    const { heartbeat } = state;
    server.send({ kind: 'go' });
    return heartbeat;
  }

  async #until(
    isDone: () => boolean,
    { server, withinMs }: { server: ServerProcess; withinMs: number },
  ): Promise<void> {
    const deadlineMs = this.#clock.monotonicMs() + withinMs;
    const what = 'the server of the new installation';
    while (!isDone()) {
      if (this.#options.state.ended) throw failed({ what: 'the mount', why: 'ended' });
      if (server.failure !== undefined) throw failed({ what, why: server.lastWords });
      if (!server.isAlive) {
        // Its last words may still be on their way.
        await this.#clock.sleep(LOOK_EVERY_MS * 5);
        throw failed({ what, why: server.lastWords });
      }
      if (this.#lent === undefined && !process.connected) {
        throw failed({ what: 'the holder of the mount', why: 'ended' });
      }
      if (this.#clock.monotonicMs() > deadlineMs) {
        throw failed({ what, why: 'not ready in time', limitMs: withinMs });
      }
      await this.#clock.sleep(LOOK_EVERY_MS);
    }
  }
}

function failed(facts: LarderError['facts']): LarderError {
  return new LarderError('UPGRADE_FAILED', facts);
}

async function tell(message: TrialMessage): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else
      process.send(message, undefined, undefined, () => {
        resolve();
      });
  });
}
