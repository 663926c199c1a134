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
import { asLarderError, LarderError, PROTOCOL_VERSION } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import {
  decodeJson,
  decodeError,
  decodeEvicted,
  encodeFrame,
  encodeHeld,
  encodeJson,
  encodeManifest,
  encodeMapped,
  encodeMoves,
  encodeOpenState,
  encodeOpenVersion,
  encodeRead,
  encodeReadMany,
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
  ReadManyRequest,
  ReadRequest,
  Touched,
  VersionBody,
  VersionRequest,
} from '../frames/index.ts';
import { formatAddress } from './address.ts';
import type { DataAddress } from './address.ts';
import { heldAtOf, heldStateOf, streamAnswerOf, versionOf, welcomedBy } from './answers.ts';
import type { Answer, ReadAnswer, StreamAnswer } from './answers.ts';
import type { DataClientOptions, RequestOptions } from './client-options.ts';
import { FrameReader } from './frame-reader.ts';
import { connectReceiving } from './receiving-socket.ts';
import { pendingRequest } from './pending-request.ts';
import type { Pending } from './pending-request.ts';
import { ManyReceiver, RangeReceiver, StreamReceiver } from './receivers.ts';
import type { ManyObject, PieceSink, Receiver } from './receivers.ts';
import { watchSilence } from './silence.ts';
import type { Silence } from './silence.ts';
import { verifying } from './verifying.ts';

export class DataClient implements AsyncDisposable {
  readonly #socket: net.Socket;
  readonly #address: string;
  readonly #clock: Clock;
  readonly #how: { readonly clock: Clock; readonly isClosed: () => boolean };
  readonly #pending = new Map<number, Pending>();
  readonly #frames: FrameReader;
  #workerId = '';
  #nextId = 1;
  #closedBy: LarderError | undefined;
  #onEvicted: (objectId: string) => void = () => undefined;
  #onDisksChanged: () => void = () => undefined;
  #onClosed: (error: LarderError) => void = () => undefined;
  /** Sinks that take no more for now: nothing is received meanwhile. */
  #holding = 0;
  readonly #silence: Silence | undefined;

  /** Not for callers: see the static method. */
  constructor(address: DataAddress, options: DataClientOptions) {
    this.#address = formatAddress(address);
    this.#clock = options.clock;
    this.#how = { clock: options.clock, isClosed: () => this.closed };
    this.#silence = watchSilence(options, {
      isExpected: () => this.#pending.size > 0 && this.#holding === 0,
      ask: () => {
        // Its answer belongs to no request: that it comes is all there is to know.
        this.#tell(encodeFrame(FRAME.PING, this.#takeId()));
      },
      give: (silentMs) => {
        this.#fail(new LarderError('UNAVAILABLE', { worker: this.#address, silentMs }));
      },
    });
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
    const lost = (why: string, cause?: Error) => {
      this.#fail(new LarderError('UNAVAILABLE', { worker: this.#address, why }, { cause }));
    };
    this.#socket.on('error', (cause) => lost(cause.message, cause));
    this.#socket.on('close', () => lost('connection closed'));
  }

  /** @throws {LarderError} `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `PROTOCOL_MISMATCH`, `CANCELLED` */
  static async connect(
    address: DataAddress,
    options: DataClientOptions,
    signal: AbortSignal,
  ): Promise<DataClient> {
    const client = new DataClient(address, options);
    const { client: name, worker } = options;
    const of = worker === undefined ? {} : { worker };
    const hello: Hello = { protocol: PROTOCOL_VERSION, client: name, ...of };
    try {
      const { connectTimeoutMs: timeoutMs } = options;
      client.#workerId = welcomedBy(
        await client.#request((id) => encodeJson(FRAME.HELLO, id, hello), { timeoutMs, signal }),
      );
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
    return await verifying({ ...this.#how, options }, (again) =>
      again === undefined
        ? this.#read(request, objectId, options, memory)
        : this.#read({ ...request, verify: true }, objectId, again),
    );
  }

  /**
   * As `read`, but hands over the bytes in order as they come. What was handed over before it rejects is good.
   */
  async stream(
    request: ReadRequest,
    objectId: string,
    options: RequestOptions,
    sink: PieceSink,
  ): Promise<StreamAnswer> {
    let doneBytes = 0;
    return await verifying({ ...this.#how, options }, (again) => {
      const offsetBytes = request.offsetBytes + doneBytes;
      const lengthBytes = request.lengthBytes - doneBytes;
      const receiver = new StreamReceiver({ objectId, offsetBytes, lengthBytes }, (bytes) => {
        doneBytes += bytes.length;
        const room = sink(bytes);
        if (room !== undefined) this.#hold(room);
      });
      const rest = { ...request, offsetBytes, lengthBytes, verify: again !== undefined };
      return this.#answered(rest, again ?? options, receiver);
    });
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
    const answer = await this.#answered(request, options, receiver);
    return answer.kind === 'done' ? { kind: 'data', bytes: into } : answer;
  }

  async #answered(
    request: ReadRequest,
    options: RequestOptions,
    receiver: Receiver & { readonly whole: boolean },
  ): Promise<StreamAnswer> {
    const answer = streamAnswerOf(
      await this.#request((id) => encodeRead(id, request), options, receiver),
    );
    if (answer === undefined) throw this.#invalid('an answer that does not belong to READ');
    if (answer.kind === 'done' && !receiver.whole) throw this.#invalid('fewer bytes than asked');
    return answer;
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

  /** @returns the id of the worker that has an object, or is to */
  async claim(list: MoveList, options: RequestOptions): Promise<string> {
    const answer = await this.#request((id) => encodeMoves(id, FRAME.CLAIM, list), options);
    return String(decodeJson(answer.body)['workerId']);
  }

  onEvicted(listener: (objectId: string) => void): void {
    this.#onEvicted = listener;
  }

  onDisksChanged(listener: () => void): void {
    this.#onDisksChanged = listener;
  }

  onClosed(listener: (error: LarderError) => void): void {
    this.#onClosed = listener;
  }

  reportOpen(objectId: string, open: boolean): void {
    this.#tell(encodeOpenState(objectId, open));
  }

  reportTouched(touched: Touched): void {
    this.#tell(encodeTouched(touched));
  }

  reportMapped(mapped: Mapped): void {
    this.#tell(encodeMapped(mapped));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new LarderError('CANCELLED', { worker: this.#address }));
    return Promise.resolve();
  }

  #request(
    encode: (requestId: number) => Buffer,
    options: RequestOptions,
    receiver?: Receiver,
  ): Promise<Answer> {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy);
    const id = this.#takeId();
    this.#silence?.expect();
    return new Promise((resolve, reject) => {
      const pending = pendingRequest({
        ...{ options, receiver, resolve, reject },
        ...{ clock: this.#clock, address: this.#address },
        onSettled: () => this.#pending.delete(id),
        onGivenUp: () => {
          if (!this.closed) this.#socket.write(encodeFrame(FRAME.CANCEL, id));
        },
      });
      if (pending === undefined) return;
      this.#pending.set(id, pending);
      this.#socket.write(encode(id));
    });
  }

  #tell(frame: Buffer): void {
    if (!this.closed) this.#socket.write(frame);
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
    if (header.type === FRAME.DISKS_CHANGED) {
      this.#onDisksChanged();
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
    this.#silence?.[Symbol.dispose]();
    this.#socket.destroy();
    for (const pending of [...this.#pending.values()]) pending.reject(error);
    this.#onClosed(error);
  }

  #invalid(what: string): LarderError {
    return new LarderError('FRAME_INVALID', { what, worker: this.#address });
  }
}
