/**
 * One connection of a reader to a worker's data plane, over TCP or a Unix socket.
 *
 * Always true:
 *   - every request settles: with its answer, with the error that the worker sent, with `UNAVAILABLE`
 *     when the connection ends, or with `DEADLINE_EXCEEDED`;
 *   - bytes are given out only after their CRC, bound to object, offset and length, was right. A sender that
 *     lets the kernel send files does not look at them: it is told to (`verify`), and asked once more.
 *
 * It does not reconnect: whoever routes decides where to go next.
 */
import type net from 'node:net';
import { asLarderError, hasCode, LarderError, PROTOCOL_VERSION } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import {
  decodeError,
  decodeEvicted,
  decodeJson,
  encodeFrame,
  encodeHeld,
  encodeJson,
  encodeManifest,
  encodeMapped,
  encodeOpenState,
  encodeOpenVersion,
  encodeRead,
  encodeReadMany,
  encodeTouched,
  FRAME,
} from '../frames/index.ts';
import type {
  DataPiece,
  FileAddress,
  FrameHeader,
  HeldAt,
  HeldStateBody,
  Hello,
  ManifestRequest,
  Mapped,
  ReadManyRequest,
  ReadRequest,
  Touched,
  VersionBody,
  VersionRequest,
} from '../frames/index.ts';
import { formatAddress } from './address.ts';
import type { DataAddress } from './address.ts';
import { FrameReader } from './frame-reader.ts';
import { connectReceiving } from './receiving-socket.ts';
import { ManyReceiver, RangeReceiver } from './receivers.ts';
import type { ManyObject, Receiver } from './receivers.ts';

export interface DataClientOptions {
  readonly clock: Clock;
  /** Who asks, for the worker's log. */
  readonly client: string;
  readonly connectTimeoutMs: number;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a READ can be answered with besides an error. */
export type ReadAnswer =
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'redirect'; readonly dataAddress: string }
  | { readonly kind: 'moved'; readonly placement: number }
  | { readonly kind: 'busy'; readonly retryAfterMs: number };

interface Pending {
  readonly receiver?: Receiver;
  readonly resolve: (answer: { header: FrameHeader; body: Buffer }) => void;
  readonly reject: (error: LarderError) => void;
}

export class DataClient implements AsyncDisposable {
  readonly #socket: net.Socket;
  readonly #address: string;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  readonly #frames: FrameReader;
  #workerId = '';
  #nextId = 1;
  #closedBy: LarderError | undefined;
  #onEvicted: (objectId: string) => void = () => undefined;
  #onClosed: () => void = () => undefined;

  /** Not for callers: see the static method. */
  constructor(address: DataAddress, options: DataClientOptions) {
    this.#address = formatAddress(address);
    this.#clock = options.clock;
    this.#frames = new FrameReader({
      destination: (id, offset, length) => this.#destination(id, offset, length),
      data: (id, piece) => {
        this.#data(id, piece);
      },
      frame: (header, body) => {
        this.#frame(header, body);
      },
    });
    this.#socket = connectReceiving(address, (bytes) => {
      this.#receive(bytes);
    });
    this.#socket.on('error', (cause) => {
      this.#fail(
        new LarderError('UNAVAILABLE', { worker: this.#address, why: cause.message }, { cause }),
      );
    });
    this.#socket.on('close', () => {
      this.#fail(
        new LarderError('UNAVAILABLE', { worker: this.#address, why: 'connection closed' }),
      );
    });
  }

  /** @throws {LarderError} `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `PROTOCOL_MISMATCH`, `CANCELLED` */
  static async connect(
    address: DataAddress,
    options: DataClientOptions,
    signal: AbortSignal,
  ): Promise<DataClient> {
    const client = new DataClient(address, options);
    const hello: Hello = { protocol: PROTOCOL_VERSION, client: options.client };
    try {
      const { body } = await client.#request((id) => encodeJson(FRAME.HELLO, id, hello), {
        timeoutMs: options.connectTimeoutMs,
        signal,
      });
      const { protocol, workerId } = decodeJson(body);
      client.#workerId = String(workerId);
      if (protocol !== PROTOCOL_VERSION) {
        throw new LarderError('PROTOCOL_MISMATCH', {
          theirs: String(protocol),
          ours: PROTOCOL_VERSION,
        });
      }
      return client;
    } catch (error) {
      client.#fail(asLarderError(error));
      throw error;
    }
  }

  get closed(): boolean {
    return this.#closedBy !== undefined;
  }

  /** Of the worker at the other end. */
  get workerId(): string {
    return this.#workerId;
  }

  /**
   * @param objectId of the file, to check the CRCs against
   * @param memory of the length that is asked for; where the bytes do not come into it, it may be written
   *   to for as long as the connection lives
   */
  async read(
    request: ReadRequest,
    objectId: string,
    options: RequestOptions,
    memory?: Buffer,
  ): Promise<ReadAnswer> {
    const startMs = this.#clock.monotonicMs();
    try {
      return await this.#read(request, objectId, options, memory);
    } catch (error) {
      // Right bytes may be had from the same worker, once it knows that its copy is in doubt.
      if (!hasCode(error, 'CHECKSUM_MISMATCH') || this.closed) throw error;
      const timeoutMs = options.timeoutMs - (this.#clock.monotonicMs() - startMs);
      if (timeoutMs <= 0) throw error;
      return await this.#read({ ...request, verify: true }, objectId, { ...options, timeoutMs });
    }
  }

  async #read(
    request: ReadRequest,
    objectId: string,
    options: RequestOptions,
    memory?: Buffer,
  ): Promise<ReadAnswer> {
    const { offsetBytes, lengthBytes } = request;
    const into = memory ?? Buffer.allocUnsafeSlow(lengthBytes);
    const receiver = new RangeReceiver(objectId, offsetBytes, into);
    const { header, body } = await this.#request(
      (id) => encodeRead(id, request),
      options,
      receiver,
    );
    switch (header.type) {
      case FRAME.END:
        if (!receiver.whole) throw this.#invalid('fewer bytes than asked');
        return { kind: 'data', bytes: into };
      case FRAME.REDIRECT:
        return { kind: 'redirect', dataAddress: String(decodeJson(body)['dataAddress']) };
      case FRAME.MOVED:
        return { kind: 'moved', placement: Number(decodeJson(body)['placement']) };
      case FRAME.BUSY:
        return { kind: 'busy', retryAfterMs: Number(decodeJson(body)['retryAfterMs']) };
      default:
        throw this.#invalid('an answer that does not belong to READ');
    }
  }

  /**
   * Whole files of one version, in one request: at most `MAX_READ_MANY_FILES`, and `MAX_READ_BYTES` together.
   *
   * @param objects of the files, in the order of the request
   * @returns each the bytes of a file, or why it was not had here: read it by itself
   */
  async readMany(
    request: ReadManyRequest,
    objects: readonly ManyObject[],
    options: RequestOptions,
  ): Promise<readonly (Buffer | LarderError)[]> {
    const receiver = new ManyReceiver(objects);
    await this.#request((id) => encodeReadMany(id, request), options, receiver);
    return receiver.results();
  }

  /**
   * Brings a range to the disk of this node.
   *
   * @returns undefined where it has to be read over the connection
   */
  async hold(request: ReadRequest, options: RequestOptions): Promise<HeldAt | undefined> {
    const { header, body } = await this.#request(
      (id) => encodeRead(id, request, FRAME.HOLD),
      options,
    );
    if (header.type !== FRAME.HELD_AT) return undefined;
    const { incarnation, toBytes } = decodeJson(body);
    return { incarnation: Number(incarnation), toBytes: Number(toBytes) };
  }

  async held(address: FileAddress, options: RequestOptions): Promise<HeldStateBody> {
    const { body } = await this.#request((id) => encodeHeld(id, address), options);
    const { heldBytes, complete } = decodeJson(body);
    return { heldBytes: Number(heldBytes), complete: complete === true };
  }

  async openVersion(request: VersionRequest, options: RequestOptions): Promise<VersionBody> {
    const { body } = await this.#request((id) => encodeOpenVersion(id, request), options);
    const answer = decodeJson(body);
    return {
      manifestPath: String(answer['manifestPath']),
      manifestBytes: Number(answer['manifestBytes']),
      manifestPercent: Number(answer['manifestPercent']),
      completeDirectory: String(answer['completeDirectory']),
    };
  }

  /** Resolves when the range of the manifest is on the worker's disk. */
  async fetchManifest(request: ManifestRequest, options: RequestOptions): Promise<void> {
    await this.#request((id) => encodeManifest(id, request), options);
  }

  onEvicted(listener: (objectId: string) => void): void {
    this.#onEvicted = listener;
  }

  onClosed(listener: () => void): void {
    this.#onClosed = listener;
  }

  reportOpen(objectId: string, open: boolean): void {
    if (!this.closed) this.#socket.write(encodeOpenState(objectId, open));
  }

  reportTouched(touched: Touched): void {
    if (!this.closed) this.#socket.write(encodeTouched(touched));
  }

  reportMapped(mapped: Mapped): void {
    if (!this.closed) this.#socket.write(encodeMapped(mapped));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new LarderError('CANCELLED', { worker: this.#address }));
    return Promise.resolve();
  }

  #request(
    encode: (requestId: number) => Buffer,
    options: RequestOptions,
    receiver?: Receiver,
  ): Promise<{ header: FrameHeader; body: Buffer }> {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy);
    const id = this.#nextId;
    this.#nextId = id === 0xffffffff ? 1 : id + 1;
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#pending.delete(id);
        cancelTimer();
        options.signal.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: LarderError) => {
        settle();
        if (!this.closed) this.#socket.write(encodeFrame(FRAME.CANCEL, id));
        reject(error);
      };
      const onAbort = () => {
        giveUp(new LarderError('CANCELLED', { worker: this.#address }));
      };
      const cancelTimer = this.#clock.schedule(options.timeoutMs, () => {
        giveUp(
          new LarderError('DEADLINE_EXCEEDED', {
            worker: this.#address,
            timeoutMs: options.timeoutMs,
          }),
        );
      });
      this.#pending.set(id, {
        ...(receiver === undefined ? {} : { receiver }),
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      if (options.signal.aborted) {
        onAbort();
        return;
      }
      options.signal.addEventListener('abort', onAbort);
      this.#socket.write(encode(id));
    });
  }

  #receive(bytes: Buffer): void {
    if (this.closed) return;
    try {
      this.#frames.push(bytes);
    } catch (error) {
      this.#fail(asLarderError(error));
    }
  }

  #destination(requestId: number, offsetBytes: number, lengthBytes: number): Buffer | undefined {
    return this.#pending.get(requestId)?.receiver?.destination(offsetBytes, lengthBytes);
  }

  #data(requestId: number, piece: DataPiece): void {
    const pending = this.#pending.get(requestId);
    try {
      pending?.receiver?.data(piece);
    } catch (error) {
      const { code, facts } = asLarderError(error);
      pending?.reject(new LarderError(code, { worker: this.#address, ...facts }));
      this.#socket.write(encodeFrame(FRAME.CANCEL, requestId));
    }
  }

  #frame(header: FrameHeader, body: Buffer): void {
    if (header.type === FRAME.EVICTED) {
      this.#onEvicted(decodeEvicted(body));
      return;
    }
    if (header.type === FRAME.ERROR && header.requestId === 0) {
      // Of the connection: the worker closes it.
      this.#fail(decodeError(body));
      return;
    }
    const pending = this.#pending.get(header.requestId);
    if (pending === undefined) return;
    if (header.type === FRAME.ITEM) pending.receiver?.item?.(body);
    else if (header.type === FRAME.ERROR) pending.reject(decodeError(body));
    else pending.resolve({ header, body });
  }

  #fail(error: LarderError): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = error;
    this.#socket.destroy();
    for (const pending of [...this.#pending.values()]) pending.reject(error);
    this.#onClosed();
  }

  #invalid(what: string): LarderError {
    return new LarderError('FRAME_INVALID', { what, worker: this.#address });
  }
}
