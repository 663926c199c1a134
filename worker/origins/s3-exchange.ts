/**
 * One HTTP request and its answer through undici's `dispatch`, without a stream between the socket
 * and the receiver.
 *
 * Always true:
 *   - the promise settles once, and then neither the receiver is called nor the signal listened to;
 *   - a redirect is an answer like any other: it is never followed;
 *   - a receiver that cannot keep up holds its connection back, and no other.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { holdBack } from './lent-reads.ts';
import { failureOfAnswer, failureOfConnection, type S3Subject } from './s3-failures.ts';

export interface AnswerReceiver {
  /** @throws {TryFailed} where the answer is not the one that was asked for */
  head(status: number, headers: IncomingHttpHeaders): void;
  /**
   * Lent for the call: what is needed longer is copied.
   *
   * @returns what the rest of the answer is to wait for; what has come with these bytes still follows
   */
  body(bytes: Buffer): Promise<unknown> | undefined;
  /** @throws {TryFailed} where something is missing */
  end(): void;
}

export interface ExchangeOptions {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly headersTimeoutMs: number;
  readonly bodyIdleTimeoutMs: number;
  readonly subject: S3Subject;
  readonly wallMs: () => number;
  readonly signal: AbortSignal;
}

/**
 * @throws {TryFailed} for what the origin or the network did
 * @throws the signal's reason, or what the receiver threw
 */
export function exchange(
  dispatcher: Dispatcher,
  receiver: AnswerReceiver,
  options: ExchangeOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const handler = new ExchangeHandler(receiver, options, { resolve, reject });
    if (!handler.listen()) return;
    dispatcher.dispatch(
      {
        method: 'GET',
        path: options.path,
        headers: options.headers,
        headersTimeout: options.headersTimeoutMs,
        bodyTimeout: options.bodyIdleTimeoutMs,
      },
      handler,
    );
  });
}

interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Of an error's body; S3's are below 1 KiB, a proxy's page may be anything. */
const MAX_ERROR_BYTES = 64 * 1024;

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #receiver: AnswerReceiver;
  readonly #options: ExchangeOptions;
  readonly #settle: Settle;
  readonly #onAbort = () => {
    this.#stop(this.#options.signal.reason as Error);
  };
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  /** Of an answer that is an error. */
  #errorBody: Buffer[] | undefined;
  #errorBytes = 0;

  constructor(receiver: AnswerReceiver, options: ExchangeOptions, settle: Settle) {
    this.#receiver = receiver;
    this.#options = options;
    this.#settle = settle;
  }

  /** False where the signal has fired already. */
  listen(): boolean {
    const { signal } = this.#options;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
    return !signal.aborted;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) controller.abort(new Error('no longer wanted'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#settled || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (status < 300) this.#guard(() => this.#receiver.head(status, headers));
    else this.#errorBody = [];
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#settled) return;
    if (this.#errorBody !== undefined) this.#collectError(this.#errorBody, bytes);
    else this.#guard(() => this.#deliver(bytes));
  }

  #deliver(bytes: Buffer): void {
    const until = this.#receiver.body(bytes);
    if (until !== undefined) holdBack(until);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    if (this.#errorBody !== undefined) {
      this.#finish(this.#answerFailure(this.#errorBody));
      return;
    }
    this.#guard(() => this.#receiver.end());
    this.#finish();
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#settled) return;
    // What an error says counts, even where its body broke off.
    if (this.#errorBody !== undefined) this.#finish(this.#answerFailure(this.#errorBody));
    else this.#finish(failureOfConnection(error, this.#options.subject, this.#status !== 0));
  }

  #answerFailure(body: readonly Buffer[]): Error {
    return failureOfAnswer(
      {
        status: this.#status,
        headers: this.#headers,
        body: Buffer.concat(body),
        nowMs: this.#options.wallMs(),
      },
      this.#options.subject,
    );
  }

  #collectError(body: Buffer[], bytes: Buffer): void {
    body.push(Buffer.from(bytes));
    this.#errorBytes += bytes.length;
    if (this.#errorBytes > MAX_ERROR_BYTES) this.#stop(this.#answerFailure(body));
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#stop(asError(error));
    }
  }

  /** The rest of the answer is not wanted: the connection is given up with it. */
  #stop(error: Error): void {
    if (this.#settled) return;
    this.#finish(error);
    this.#controller?.abort(error);
  }

  #finish(error?: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
