/**
 * One connection of a reader to a worker's data plane, over TCP or a Unix socket.
 *
 * Always true:
 *   - every request settles: with its answer, with the error that the worker sent, with `UNAVAILABLE`
 *     when the connection ends, or with `DEADLINE_EXCEEDED`;
 *   - bytes are given out only after their CRC, bound to object, offset and length, was right.
 *
 * It does not reconnect: whoever routes decides where to go next.
 */
import net from 'node:net';
import { asLarderError, KIB, LarderError, PROTOCOL_VERSION } from '../../common/index.ts';
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
  encodeMoves,
  encodeOpenState,
  encodeOpenVersion,
  encodeRead,
  encodeTouched,
  FRAME,
} from '../frames/index.ts';
import type {
  DataPiece,
  FrameHeader,
  HeldAt,
  HeldStateBody,
  Hello,
  ManifestRequest,
  Mapped,
  HeldRequest,
  MoveList,
  ReadRequest,
  Touched,
  VersionBody,
  VersionRequest,
} from '../frames/index.ts';
import { formatAddress } from './address.ts';
import type { DataAddress } from './address.ts';
import { heldAtOf, heldStateOf, streamAnswerOf, versionOf } from './answers.ts';
import type { Answer, ReadAnswer, StreamAnswer } from './answers.ts';
import type { DataClientOptions, RequestOptions } from './client-options.ts';
import { FrameReader } from './frame-reader.ts';
import { Receiving } from './receiving.ts';
import type { PieceSink } from './receiving.ts';
import { Silence } from './silence.ts';

interface Pending {
  readonly read?: Receiving;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LarderError) => void;
}

/** The socket reads into this buffer again and again (2.1–2.7 GB/s against 1.4 with a new one each). */
const RECEIVE_BUFFER_BYTES = 512 * KIB;

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
  #onClosed: (error: LarderError) => void = () => undefined;
  /** Sinks that take no more for now: nothing is received meanwhile. */
  #holding = 0;
  readonly #silence: Silence | undefined;

  /** Not for callers: see the static method. */
  constructor(address: DataAddress, options: DataClientOptions) {
    this.#address = formatAddress(address);
    this.#clock = options.clock;
    const { silenceMs } = options;
    if (silenceMs !== undefined) {
      this.#silence = new Silence(options.clock, silenceMs, {
        isExpected: () => this.#pending.size > 0 && this.#holding === 0,
        ask: () => {
          // Its answer belongs to no request: that it comes is all there is to know.
          if (!this.closed) this.#socket.write(encodeFrame(FRAME.PING, this.#takeId()));
        },
        give: () => {
          this.#fail(
            new LarderError('UNAVAILABLE', { worker: this.#address, silentMs: silenceMs }),
          );
        },
      });
    }
    this.#frames = new FrameReader({
      destination: (id, offset, length) => this.#destination(id, offset, length),
      data: (id, piece) => {
        this.#data(id, piece);
      },
      frame: (header, body) => {
        this.#frame(header, body);
      },
    });
    const buffer = Buffer.allocUnsafeSlow(RECEIVE_BUFFER_BYTES);
    this.#socket = net.connect({
      ...(address.kind === 'unix'
        ? { path: address.path }
        : { host: address.host, port: address.port }),
      noDelay: true,
      onread: {
        buffer,
        callback: (count) => {
          this.#receive(buffer.subarray(0, count));
          return true;
        },
      },
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
    const into = memory ?? Buffer.allocUnsafeSlow(request.lengthBytes);
    const answer = await this.#receiveRead(request, objectId, options, into);
    return answer.kind === 'done' ? { kind: 'data', bytes: into } : answer;
  }

  /**
   * As `read`, but hands over the bytes in order as they come, each piece after its CRC was right. What was
   * handed over before it rejects is good.
   */
  async stream(
    request: ReadRequest,
    objectId: string,
    options: RequestOptions,
    sink: PieceSink,
  ): Promise<StreamAnswer> {
    return await this.#receiveRead(request, objectId, options, sink);
  }

  /**
   * Brings a range to the disk of this node.
   *
   * @returns undefined where it has to be read over the connection
   */
  async hold(request: ReadRequest, options: RequestOptions): Promise<HeldAt | undefined> {
    return heldAtOf(await this.#request((id) => encodeRead(id, request, FRAME.HOLD), options));
  }

  async held(request: HeldRequest, options: RequestOptions): Promise<HeldStateBody> {
    return heldStateOf(await this.#request((id) => encodeHeld(id, request), options));
  }

  async openVersion(request: VersionRequest, options: RequestOptions): Promise<VersionBody> {
    return versionOf(await this.#request((id) => encodeOpenVersion(id, request), options));
  }

  /** Resolves when the range of the manifest is on the worker's disk. */
  async fetchManifest(request: ManifestRequest, options: RequestOptions): Promise<void> {
    await this.#request((id) => encodeManifest(id, request), options);
  }

  /** Between workers: see the frames. */
  async tellMoves(
    type: typeof FRAME.OFFER | typeof FRAME.TAKEN,
    list: MoveList,
    options: RequestOptions,
  ): Promise<void> {
    await this.#request((id) => encodeMoves(id, type, list), options);
  }

  onEvicted(listener: (objectId: string) => void): void {
    this.#onEvicted = listener;
  }

  onClosed(listener: (error: LarderError) => void): void {
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

  async #receiveRead(
    request: ReadRequest,
    objectId: string,
    options: RequestOptions,
    to: Buffer | PieceSink,
  ): Promise<StreamAnswer> {
    const { offsetBytes, lengthBytes } = request;
    const read = new Receiving({ objectId, offsetBytes, lengthBytes, to });
    const answer = streamAnswerOf(
      await this.#request((id) => encodeRead(id, request), options, read),
    );
    if (answer === undefined) throw this.#invalid('an answer that does not belong to READ');
    if (answer.kind === 'done' && !read.isWhole) throw this.#invalid('fewer bytes than asked');
    return answer;
  }

  #request(
    encode: (requestId: number) => Buffer,
    options: RequestOptions,
    read?: Receiving,
  ): Promise<Answer> {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy);
    const id = this.#takeId();
    this.#silence?.expect();
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
        ...(read === undefined ? {} : { read }),
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

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId = id === 0xffffffff ? 1 : id + 1;
    return id;
  }

  #receive(bytes: Buffer): void {
    if (this.closed) return;
    this.#silence?.heard();
    try {
      this.#frames.push(bytes);
    } catch (error) {
      const { code, facts } = asLarderError(error);
      this.#fail(new LarderError(code, { ...facts, worker: this.#address }, { cause: error }));
    }
  }

  #destination(requestId: number, offsetBytes: number, lengthBytes: number): Buffer | undefined {
    const read = this.#pending.get(requestId)?.read;
    if (read === undefined) return undefined;
    const destination = read.destination(offsetBytes, lengthBytes);
    if (destination === undefined) throw this.#invalid('bytes that were not asked for');
    return destination;
  }

  #data(requestId: number, piece: DataPiece): void {
    const pending = this.#pending.get(requestId);
    if (pending?.read === undefined) return;
    if (!pending.read.isRight(piece)) {
      const { objectId } = pending.read;
      const { offsetBytes } = piece;
      const facts = { worker: this.#address, objectId, offsetBytes };
      pending.reject(new LarderError('CHECKSUM_MISMATCH', facts));
      return;
    }
    const room = pending.read.take(piece);
    if (room !== undefined) this.#hold(room);
  }

  #hold(room: Promise<void>): void {
    this.#holding += 1;
    this.#socket.pause();
    const go = () => {
      this.#holding -= 1;
      if (this.#holding > 0) return;
      if (this.#pending.size > 0) this.#silence?.expect();
      this.#socket.resume();
    };
    room.then(go, go);
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
    if (header.type === FRAME.ERROR) pending.reject(decodeError(body));
    else pending.resolve({ header, body });
  }

  #fail(error: LarderError): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = error;
    this.#silence?.[Symbol.dispose]();
    this.#socket.destroy();
    for (const pending of [...this.#pending.values()]) pending.reject(error);
    this.#onClosed(error);
  }

  #invalid(what: string): LarderError {
    return new LarderError('FRAME_INVALID', { what, worker: this.#address });
  }
}
