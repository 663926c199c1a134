/** A request that was sent: it ends with its answer, an error, its time, or with whoever asked. */
import { LarderError } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import type { Answer } from './answers.ts';
import type { RequestOptions } from './client-options.ts';
import type { Receiver } from './receivers.ts';

export interface Pending {
  readonly receiver?: Receiver;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LarderError) => void;
}

export interface PendingOptions {
  readonly options: RequestOptions;
  readonly receiver: Receiver | undefined;
  readonly address: string;
  readonly clock: Clock;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LarderError) => void;
  readonly onSettled: () => void;
  /** It is settled, and its answer is not wanted any more. */
  readonly onGivenUp: () => void;
}

/** Undefined where nobody wants it by now: it is rejected. */
export function pendingRequest(request: PendingOptions): Pending | undefined {
  const { options, receiver, address, clock, onSettled } = request;
  const { signal, timeoutMs } = options;
  const settle = () => {
    onSettled();
    cancelTimer();
    signal.removeEventListener('abort', onAbort);
  };
  const giveUp = (error: LarderError) => {
    settle();
    request.onGivenUp();
    request.reject(error);
  };
  const onAbort = () => {
    giveUp(new LarderError('CANCELLED', { worker: address }));
  };
  const cancelTimer = clock.schedule(timeoutMs, () => {
    giveUp(new LarderError('DEADLINE_EXCEEDED', { worker: address, timeoutMs }));
  });
  if (signal.aborted) {
    onAbort();
    return undefined;
  }
  signal.addEventListener('abort', onAbort);
  return {
    ...(receiver === undefined ? {} : { receiver }),
    resolve: (answer) => {
      settle();
      request.resolve(answer);
    },
    reject: (error) => {
      settle();
      request.reject(error);
    },
  };
}
