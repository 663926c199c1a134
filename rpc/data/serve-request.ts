/** One request and the way back, whatever brought it here: a socket, or a thread that serves one. */
import type { FrameHeader, Welcome } from '../frames/index.ts';
import type { ByteShare } from './shared-bytes.ts';
import type { Part } from './socket-output.ts';

/** The way back for one request. */
export interface Reply {
  readonly requestId: number;
  readonly signal: AbortSignal;
  /** Whoever asks is on this node: it came over the Unix socket. */
  readonly isLocal: boolean;
  /** Sends all parts one after the other; resolves when more can be taken. */
  send(...parts: Part[]): Promise<void>;
}

/** One connection, for what outlives a request. */
export interface DataSession {
  /** The worker on the node of whoever is at the other end; undefined where that is not known. */
  readonly reader?: string | undefined;
  onClose(listener: () => void): void;
}

export interface DataHandler {
  readonly welcome: Welcome;
  /** How much memory answering a request takes while the other side does not read. */
  memoryBytes?(header: FrameHeader, body: Buffer): number;
  /** Answers a request, or throws a `LarderError` that is sent as ERROR. */
  request(header: FrameHeader, body: Buffer, reply: Reply, session: DataSession): Promise<void>;
  /** A frame that has no answer. */
  notice(header: FrameHeader, body: Buffer, session: DataSession): void;
}

/** Has a request answered as soon as there is memory for it. @throws what the handler throws */
export async function serveRequest(
  request: { readonly header: FrameHeader; readonly body: Buffer },
  reply: Reply,
  by: { readonly handler: DataHandler; readonly share: ByteShare; readonly session: DataSession },
): Promise<void> {
  const { header, body } = request;
  const { handler, share, session } = by;
  const { signal } = reply;
  const memoryBytes = handler.memoryBytes?.(header, body) ?? 0;
  if (memoryBytes === 0) {
    await handler.request(header, body, reply, session);
    return;
  }
  const release = share.tryTake(memoryBytes) ?? (await share.take(memoryBytes, signal));
  try {
    signal.throwIfAborted();
    await handler.request(header, body, reply, session);
  } finally {
    release();
  }
}
