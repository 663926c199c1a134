/**
 * The main thread's side of the relay: answers what a serving thread passes on, as if the connection were
 * here.
 *
 * Always true: of one answer at most `WINDOW_BYTES` and one piece are on the way to a receiver that has not
 * taken them; each session has its share of the memory of reads, as a connection has.
 */
import { asLarderError, LarderError } from '../../common/index.ts';
import type { Logger } from '../../common/index.ts';
import { serveRequest } from '../../rpc/data/index.ts';
import type { ByteShare, DataHandler, DataSession, Part } from '../../rpc/data/index.ts';
import type { ToMain, ToThread } from './messages.ts';

export interface RelayServerOptions {
  readonly handler: DataHandler;
  readonly share: () => ByteShare;
  readonly post: (message: ToThread, transfer: readonly ArrayBuffer[]) => void;
  readonly log: Logger;
}

type Request = Extract<ToMain, { kind: 'request' }>;

/** Two pieces: one that is being sent, and the next. */
const WINDOW_BYTES = 512 * 1024;

export class RelayServer implements Disposable {
  readonly #options: RelayServerOptions;
  readonly #sessions = new Map<number, Session>();
  readonly #running = new Map<number, Answer>();

  constructor(options: RelayServerOptions) {
    this.#options = options;
  }

  receive(message: ToMain): void {
    switch (message.kind) {
      case 'request':
        void this.#serve(message);
        return;
      case 'cancel':
        this.#running.get(message.id)?.cancel();
        return;
      case 'taken':
        this.#running.get(message.id)?.taken(message.bytes);
        return;
      case 'notice':
        this.#notice(message);
        return;
      case 'closed':
        this.#close(message.session);
        return;
      default:
    }
  }

  /** The thread has ended, and its connections with it. */
  [Symbol.dispose](): void {
    for (const answer of this.#running.values()) answer.cancel();
    for (const session of [...this.#sessions.keys()]) this.#close(session);
  }

  #notice({ session, reader, type, body }: Extract<ToMain, { kind: 'notice' }>): void {
    const header = { type, requestId: 0, bodyBytes: body.length };
    try {
      this.#options.handler.notice(header, Buffer.from(body), this.#session(session, reader));
    } catch (error) {
      this.#options.log.debug({ err: error }, 'a notice was not understood');
    }
  }

  async #serve({ id, session: number, reader, requestId, type, body }: Request): Promise<void> {
    const { handler, post, log } = this.#options;
    const session = this.#session(number, reader);
    const answer = new Answer((bytes) => {
      post({ kind: 'frames', id, bytes }, [bytes.buffer]);
    });
    this.#running.set(id, answer);
    const { signal } = answer;
    const header = { type, requestId, bodyBytes: body.length };
    const isLocal = false;
    const reply = { requestId, signal, isLocal, send: (...parts: Part[]) => answer.send(parts) };
    let failure: LarderError | undefined;
    try {
      const by = { handler, share: session.share, session };
      await serveRequest({ header, body: Buffer.from(body) }, reply, by);
    } catch (error) {
      failure = asLarderError(error);
      if (failure.code === 'INTERNAL' && !signal.aborted) {
        log.error({ err: error }, 'request failed');
      }
    }
    this.#running.delete(id);
    const error = failure && { code: failure.code, facts: failure.facts };
    post({ kind: 'ended', id, error }, []);
  }

  #session(number: number, reader: string | undefined): Session {
    let session = this.#sessions.get(number);
    if (session === undefined) {
      session = new Session(this.#options.share(), reader);
      this.#sessions.set(number, session);
    }
    return session;
  }

  #close(number: number): void {
    this.#sessions.get(number)?.close();
    this.#sessions.delete(number);
  }
}

class Session implements DataSession {
  readonly share: ByteShare;
  readonly reader: string | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(share: ByteShare, reader: string | undefined) {
    this.share = share;
    this.reader = reader;
  }

  onClose(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    for (const listener of this.#listeners) listener();
  }
}

class Answer {
  readonly #controller = new AbortController();
  readonly #post: (bytes: Uint8Array<ArrayBuffer>) => void;
  #aheadBytes = 0;
  #room: (() => void)[] = [];

  constructor(post: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#post = post;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A copy goes over: the bytes may be part of a larger buffer, which others read. */
  async send(parts: readonly Part[]): Promise<void> {
    const buffers = parts.filter((part) => Buffer.isBuffer(part));
    const bytes = new Uint8Array(buffers.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const buffer of buffers) {
      bytes.set(buffer, at);
      at += buffer.length;
    }
    this.#aheadBytes += at;
    this.#post(bytes);
    while (this.#aheadBytes > WINDOW_BYTES && !this.signal.aborted) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
  }

  taken(bytes: number): void {
    this.#aheadBytes -= bytes;
    this.#wake();
  }

  cancel(): void {
    this.#controller.abort(new LarderError('CANCELLED'));
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#room;
    this.#room = [];
    for (const resolve of waiting) resolve();
  }
}
