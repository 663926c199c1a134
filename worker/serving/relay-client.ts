/**
 * The serving thread's side of the relay: requests that it does not answer itself go to the main thread, and
 * the answer's frames come back in order, on the connection that asked.
 *
 * Always true: the main thread is told what the receiver has taken, and sends no more than a window ahead of
 * that; a request whose connection ends, or that is cancelled, is cancelled there.
 */
import { LarderError } from '../../common/index.ts';
import type { DataSession, Reply } from '../../rpc/data/index.ts';
import type { FrameType } from '../../rpc/frames/index.ts';
import type { SentError, ToMain, ToThread } from './messages.ts';

interface Running {
  readonly reply: Reply;
  /** Settles when all frames that came so far were taken. */
  taken: Promise<void>;
  readonly ended: (error: SentError | undefined) => void;
}

export class RelayClient {
  readonly #post: (message: ToMain) => void;
  readonly #running = new Map<number, Running>();
  readonly #sessions = new WeakMap<DataSession, number>();
  #nextId = 1;
  #nextSession = 1;

  constructor(post: (message: ToMain) => void) {
    this.#post = post;
  }

  /** @throws {LarderError} what the main thread answers */
  async request(
    request: { readonly type: FrameType; readonly body: Buffer },
    reply: Reply,
    session: DataSession,
  ): Promise<void> {
    const id = this.#nextId;
    this.#nextId += 1;
    const { signal, requestId } = reply;
    const onAbort = () => {
      this.#post({ kind: 'cancel', id });
    };
    const error = await new Promise<SentError | undefined>((ended) => {
      this.#running.set(id, { reply, taken: Promise.resolve(), ended });
      const { reader } = session;
      const of = { session: this.#numberOf(session), reader };
      this.#post({ kind: 'request', id, requestId, ...of, ...request });
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort);
    });
    signal.removeEventListener('abort', onAbort);
    await this.#running.get(id)?.taken;
    this.#running.delete(id);
    if (error !== undefined) throw new LarderError(error.code, error.facts);
  }

  notice(notice: { readonly type: FrameType; readonly body: Buffer }, session: DataSession): void {
    const { reader } = session;
    this.#post({ kind: 'notice', session: this.#numberOf(session), reader, ...notice });
  }

  receive(message: ToThread): void {
    if (message.kind === 'ended') this.#running.get(message.id)?.ended(message.error);
    else if (message.kind === 'frames') this.#take(message.id, message.bytes);
  }

  #take(id: number, bytes: Uint8Array): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    const { reply } = running;
    running.taken = running.taken.then(async () => {
      // One that was cancelled meanwhile takes nothing more.
      if (!reply.signal.aborted) await reply.send(asBuffer(bytes)).catch(() => undefined);
      this.#post({ kind: 'taken', id, bytes: bytes.length });
    });
  }

  #numberOf(session: DataSession): number {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    const number = this.#nextSession;
    this.#nextSession += 1;
    this.#sessions.set(session, number);
    session.onClose(() => {
      this.#post({ kind: 'closed', session: number });
    });
    return number;
  }
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
