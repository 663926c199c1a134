/**
 * Client side of calls: promises for unary calls, async iterables for streams.
 *
 * Always true: a failed call throws a `LarderError`; a call that is abandoned (signal, deadline, the
 * consumer leaving its loop) is cancelled at the server; nothing is sent faster than it is taken.
 */
import { Metadata } from '@grpc/grpc-js';
import type { CallOptions as GrpcCallOptions, Client } from '@grpc/grpc-js';
import { LarderError, systemClock } from '../../common/index.ts';
import { fromStatus } from './status.ts';

export interface CallOptions {
  /** From now; the default is the channel's for unary calls, none for streams. */
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The client's side of a bidirectional stream. */
export interface ClientStream<In, Out> {
  /** To be iterated once. Throws when the stream fails. */
  readonly messages: AsyncIterable<Out>;
  /** Resolves when the message was handed to the transport, or the stream is gone. */
  send(message: In): Promise<void>;
  /** No more messages from this side. */
  end(): void;
  cancel(): void;
}

/** A connection that calls are made on. */
export interface Caller {
  readonly client: Client;
  readonly address: string;
  readonly unaryDeadlineMs: number;
}

/** The parts of a method's definition that a client needs. */
export interface Method<In, Out> {
  readonly path: string;
  readonly requestSerialize: (value: In) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Out;
}

export function unaryCall<In, Out>(
  caller: Caller,
  method: Method<In, Out>,
  request: In,
  options: CallOptions = {},
): Promise<Out> {
  return new Promise((resolve, reject) => {
    if (refuseAborted(options.signal, reject)) return;
    const deadlineMs = options.deadlineMs ?? caller.unaryDeadlineMs;
    const call = caller.client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      grpcOptions(deadlineMs),
      (error, response) => {
        release();
        if (error !== null) reject(failure(error, caller, options.signal));
        else if (response === undefined) reject(new LarderError('INTERNAL', { what: 'no answer' }));
        else resolve(response);
      },
    );
    const release = cancelOn(options.signal, call);
  });
}

/** The call starts with the first step of the iteration. */
export async function* serverStreamCall<In, Out>(
  caller: Caller,
  method: Method<In, Out>,
  request: In,
  options: CallOptions = {},
): AsyncGenerator<Out, void, undefined> {
  options.signal?.throwIfAborted();
  const call = caller.client.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
    new Metadata(),
    grpcOptions(options.deadlineMs),
  );
  yield* received<Out>(call, caller, options.signal);
}

export async function clientStreamCall<In, Out>(
  caller: Caller,
  method: Method<In, Out>,
  messages: AsyncIterable<In>,
  options: CallOptions = {},
): Promise<Out> {
  options.signal?.throwIfAborted();
  const state = { answered: false };
  const { promise: answer, resolve, reject } = deferred<Out>();
  const call = caller.client.makeClientStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    new Metadata(),
    grpcOptions(options.deadlineMs),
    (error, response) => {
      state.answered = true;
      if (error !== null) reject(failure(error, caller, options.signal));
      else resolve(response as Out);
    },
  );
  call.on('error', ignore);
  answer.catch(ignore);
  const release = cancelOn(options.signal, call);
  try {
    for await (const message of messages) {
      // The server may answer, and so end the call, before it has everything.
      await Promise.race([written(call, message), answer]);
      if (state.answered) break;
    }
    call.end();
    return await answer;
  } finally {
    release();
    if (!state.answered) call.cancel();
  }
}

export function bidiStreamCall<In, Out>(
  caller: Caller,
  method: Method<In, Out>,
  options: CallOptions = {},
): ClientStream<In, Out> {
  options.signal?.throwIfAborted();
  const call = caller.client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    new Metadata(),
    grpcOptions(options.deadlineMs),
  );
  const ended = new Promise<void>((resolve) => {
    call.once('status', () => {
      resolve();
    });
  });
  const messages = received<Out>(call, caller, options.signal);
  return {
    messages,
    send: (message) => Promise.race([written(call, message), ended]),
    end: () => {
      call.end();
    },
    cancel: () => {
      call.cancel();
    },
  };
}

interface ReadableCall extends Cancellable {
  iterator(options: { destroyOnReturn: boolean }): AsyncIterable<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Not a generator itself: a call that fails before it is read must already have its listener. */
function received<Out>(
  call: ReadableCall,
  caller: Caller,
  signal: AbortSignal | undefined,
): AsyncIterable<Out> {
  let failed: Error | undefined;
  call.on('error', (error) => {
    failed ??= error;
  });
  const release = cancelOn(signal, call);
  return (async function* () {
    try {
      yield* call.iterator({ destroyOnReturn: false }) as AsyncIterable<Out>;
      // It may have failed before the iteration began: then the stream just ends.
      if (failed !== undefined) throw failed;
    } catch (error) {
      throw failure(failed ?? error, caller, signal);
    } finally {
      release();
      call.cancel();
    }
  })();
}

interface WritableCall<In> {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  write(message: In, callback: () => void): boolean;
}

function written<In>(call: WritableCall<In>, message: In): Promise<void> {
  return new Promise((resolve) => {
    if (call.destroyed || call.writableEnded) resolve();
    else {
      call.write(message, () => {
        resolve();
      });
    }
  });
}

function grpcOptions(deadlineMs: number | undefined): GrpcCallOptions {
  return deadlineMs === undefined ? {} : { deadline: systemClock.wallMs() + deadlineMs };
}

interface Cancellable {
  cancel(): void;
}

function cancelOn(signal: AbortSignal | undefined, call: Cancellable): () => void {
  if (signal === undefined) return ignore;
  const cancel = () => {
    call.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  return () => {
    signal.removeEventListener('abort', cancel);
  };
}

function refuseAborted(signal: AbortSignal | undefined, reject: (error: unknown) => void): boolean {
  if (signal?.aborted !== true) return false;
  reject(aborted(signal));
  return true;
}

function failure(error: unknown, caller: Caller, signal: AbortSignal | undefined): LarderError {
  return signal?.aborted === true ? aborted(signal) : fromStatus(error, caller.address);
}

function aborted(signal: AbortSignal): LarderError {
  const reason: unknown = signal.reason;
  return reason instanceof LarderError
    ? reason
    : new LarderError('CANCELLED', {}, { cause: reason });
}

function deferred<T>() {
  let resolve: (value: T) => void = ignore;
  let reject: (error: unknown) => void = ignore;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

function ignore(): void {
  /* seen elsewhere */
}
