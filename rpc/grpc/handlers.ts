/**
 * Server side of calls: handlers are async functions and generators, and become what grpc-js wants.
 *
 * Always true: whatever a handler throws ends its call with a status that carries the `LarderError`;
 * a handler's signal fires when its caller has gone away or its deadline has passed; a stream is
 * written no faster than its receiver takes it.
 */
import { once } from 'node:events';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
} from '@grpc/grpc-js';
import { asLarderError, LarderError } from '../../common/index.ts';
import type { Logger } from '../../common/index.ts';
import { toStatus } from './status.ts';

export interface CallContext {
  /** Aborted when the caller has gone away, or its deadline has passed. */
  readonly signal: AbortSignal;
  /** The caller's address. */
  readonly peer: string;
}

/** The server's side of a bidirectional stream. */
export interface ServerStream<In, Out> {
  readonly messages: AsyncIterable<In>;
  /** Resolves when the receiver has taken it, or the stream is gone. Messages keep their order. */
  send(message: Out): Promise<void>;
}

/** What a server call of any kind is, as far as this module needs to know. */
interface AnyCall {
  cancelled: boolean;
  getPeer(): string;
  getPath(): string;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** Makes handlers that log defects to one logger. */
export class Handlers {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  unary<In, Out>(
    run: (request: In, context: CallContext) => Promise<Out>,
  ): handleUnaryCall<In, Out> {
    return (call, callback) => {
      const { context } = this.#begin(call);
      run(call.request, context).then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(this.#failed(call, error));
        },
      );
    };
  }

  serverStream<In, Out>(
    run: (request: In, context: CallContext) => AsyncIterable<Out>,
  ): handleServerStreamingCall<In, Out> {
    return (call) => {
      const { context, gone } = this.#begin(call);
      const pump = async () => {
        for await (const message of run(call.request, context)) {
          if (call.cancelled) return;
          if (!call.write(message)) await Promise.race([once(call, 'drain'), gone]);
        }
      };
      pump().then(
        () => call.end(),
        (error: unknown) => call.emit('error', this.#failed(call, error)),
      );
    };
  }

  clientStream<In, Out>(
    run: (messages: AsyncIterable<In>, context: CallContext) => Promise<Out>,
  ): handleClientStreamingCall<In, Out> {
    return (call, callback) => {
      const { context } = this.#begin(call);
      run(messagesOf<In>(call, context.signal), context).then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(this.#failed(call, error));
        },
      );
    };
  }

  bidiStream<In, Out>(
    run: (stream: ServerStream<In, Out>, context: CallContext) => Promise<void>,
  ): handleBidiStreamingCall<In, Out> {
    return (call) => {
      const { context, gone } = this.#begin(call);
      const send = (message: Out) => Promise.race([write(call, message), gone]);
      run({ messages: messagesOf<In>(call, context.signal), send }, context).then(
        () => call.end(),
        (error: unknown) => call.emit('error', this.#failed(call, error)),
      );
    };
  }

  #begin(call: AnyCall): { context: CallContext; gone: Promise<void> } {
    const abort = new AbortController();
    const gone = new Promise<void>((resolve) => {
      call.once('cancelled', () => {
        abort.abort(new LarderError('CANCELLED', { by: 'the caller' }));
        resolve();
      });
    });
    return { context: { signal: abort.signal, peer: call.getPeer() }, gone };
  }

  #failed(call: AnyCall, error: unknown) {
    const known = asLarderError(error);
    if (known.code === 'INTERNAL' && !call.cancelled) {
      this.#log.error({ err: error, call: call.getPath() }, 'a call met a defect');
    } else {
      this.#log.debug({ code: known.code, call: call.getPath() }, known.message);
    }
    return toStatus(known);
  }
}

async function* messagesOf<In>(
  call: Pick<ServerDuplexStream<In, unknown>, 'iterator'>,
  signal: AbortSignal,
): AsyncGenerator<In, void, undefined> {
  try {
    yield* call.iterator({ destroyOnReturn: false }) as AsyncIterable<In>;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  }
}

function write<Out>(call: ServerDuplexStream<unknown, Out>, message: Out): Promise<void> {
  return new Promise((resolve) => {
    if (call.destroyed || call.writableEnded) resolve();
    else {
      call.write(message, () => {
        resolve();
      });
    }
  });
}
