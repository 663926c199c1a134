/**
 * Listings of an origin: a command to a worker, and the stream of batches that answers it.
 *
 * Always true: a batch is taken from the stream when the one before was consumed, so a slow consumer
 * holds the worker back; a listing that ends early, or brings nothing for too long, throws. Leaving the
 * iteration cancels the command.
 */
import { LarderError, untilAborted } from '../common/index.ts';
import type { Clock, DatasetInfo } from '../common/index.ts';
import type { ListingBatch__Output } from '../proto/generated/larder/v1/ListingBatch.ts';
import { fromFailure, settingsToWire } from '../rpc/grpc/index.ts';
import { deferred, withDeadline } from './async.ts';
import type { Deferred } from './async.ts';
import type { WorkerSession } from './worker-session.ts';

interface Pending {
  /** The batches, as soon as the worker pushes. */
  readonly arrived: Deferred<AsyncIterator<ListingBatch__Output>>;
  /** The consumer has left: the worker's call may end. */
  readonly consumed: Deferred<void>;
}

export class Listings {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #pending = new Map<number, Pending>();

  constructor(clock: Clock, idleMs: number) {
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  /** Serves one PushListing call. */
  async receive(messages: AsyncIterable<ListingBatch__Output>): Promise<void> {
    const iterator = messages[Symbol.asyncIterator]();
    const first = await iterator.next();
    const command = first.done === true ? 0 : first.value.command;
    const pending = this.#pending.get(command);
    if (first.done === true || pending === undefined) {
      throw new LarderError('NOT_FOUND', { command, what: 'nobody waits for this listing' });
    }
    pending.arrived.resolve(withFirst(first.value, iterator));
    await pending.consumed.promise;
  }

  /**
   * Lists an origin through one worker.
   *
   * @throws {LarderError} what the worker failed with; `UNAVAILABLE` where it went away,
   *   `DEADLINE_EXCEEDED` where it brought nothing for too long
   */
  async *list(
    session: WorkerSession,
    dataset: Pick<DatasetInfo, 'origin' | 'settings'>,
    signal: AbortSignal,
  ): AsyncGenerator<ListingBatch__Output, void, undefined> {
    const pending: Pending = { arrived: deferred(), consumed: deferred() };
    const failed = new AbortController();
    const ends = AbortSignal.any([signal, failed.signal]);
    const command = session.start(
      (id) => {
        this.#pending.set(id, pending);
        const settings = settingsToWire(dataset.settings);
        return { list_origin: { command: id, origin: dataset.origin, settings } };
      },
      {
        // Success says nothing: the last batch does.
        onEnd: (failure) => {
          if (failure !== undefined) failed.abort(failure);
        },
      },
    );
    const within = <T>(step: Promise<T>): Promise<T> =>
      untilAborted(withDeadline(step, this.#idleMs, this.#clock, 'listing'), ends);
    try {
      const batches = await within(pending.arrived.promise);
      for (let last = false; !last;) {
        const step = await within(batches.next());
        if (step.done === true) throw brokenOff(session);
        if (step.value.failure !== null) throw fromFailure(step.value.failure);
        yield step.value;
        ({ last } = step.value);
      }
    } finally {
      this.#pending.delete(command);
      pending.consumed.resolve();
      session.cancel(command);
    }
  }
}

function brokenOff(session: WorkerSession): LarderError {
  const { workerId: worker } = session;
  return new LarderError('UNAVAILABLE', { worker, what: 'the listing broke off' });
}

function withFirst<T>(first: T, rest: AsyncIterator<T>): AsyncIterator<T> {
  let given = false;
  return {
    next: async () => {
      if (given) return rest.next();
      given = true;
      return { value: first, done: false };
    },
  };
}
