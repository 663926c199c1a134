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
import { crc32 } from '@node-rs/crc32';
import { asLarderError, KIB, LarderError, PROTOCOL_VERSION } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import {
  boundCrc,
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
  encodeTouched,
  directoriesOf,
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
  ReadRequest,
  Touched,
  VersionBody,
  VersionRequest,
} from '../frames/index.ts';
import { formatAddress } from './address.ts';
import type { DataAddress } from './address.ts';
import { FrameReader } from './frame-reader.ts';

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
  readonly read?: { objectId: string; offsetBytes: number; into: Buffer; receivedBytes: number };
  readonly resolve: (answer: { header: FrameHeader; body: Buffer }) => void;
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
  #onDisksChanged: () => void = () => undefined;
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
    const { offsetBytes, lengthBytes } = request;
    const into = memory ?? Buffer.allocUnsafeSlow(lengthBytes);
    const read = { objectId, offsetBytes, into, receivedBytes: 0 };
    const { header, body } = await this.#request((id) => encodeRead(id, request), options, read);
    switch (header.type) {
      case FRAME.END:
        if (read.receivedBytes !== lengthBytes) throw this.#invalid('fewer bytes than asked');
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
    const { incarnation, toBytes, completeDirectory } = decodeJson(body);
    return {
      incarnation: Number(incarnation),
      toBytes: Number(toBytes),
      ...(typeof completeDirectory === 'string' ? { completeDirectory } : {}),
    };
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
      completeDirectories: directoriesOf(answer),
    };
  }

  /** Resolves when the range of the manifest is on the worker's disk. */
  async fetchManifest(request: ManifestRequest, options: RequestOptions): Promise<void> {
    await this.#request((id) => encodeManifest(id, request), options);
  }

  onEvicted(listener: (objectId: string) => void): void {
    this.#onEvicted = listener;
  }

  onDisksChanged(listener: () => void): void {
    this.#onDisksChanged = listener;
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
    read?: Pending['read'],
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

  #receive(bytes: Buffer): void {
    if (this.closed) return;
    try {
      this.#frames.push(bytes);
    } catch (error) {
      this.#fail(asLarderError(error));
    }
  }

  #destination(requestId: number, offsetBytes: number, lengthBytes: number): Buffer | undefined {
    const read = this.#pending.get(requestId)?.read;
    if (read === undefined) return undefined;
    const at = read.receivedBytes;
    if (offsetBytes !== read.offsetBytes + at || at + lengthBytes > read.into.length) {
      throw this.#invalid('bytes that were not asked for');
    }
    return read.into.subarray(at, at + lengthBytes);
  }

  #data(requestId: number, piece: DataPiece): void {
    const pending = this.#pending.get(requestId);
    if (pending?.read === undefined) return;
    const { objectId } = pending.read;
    const { offsetBytes, bytes } = piece;
    if (boundCrc(objectId, offsetBytes, bytes.length, crc32(bytes)) !== piece.crc) {
      pending.reject(
        new LarderError('CHECKSUM_MISMATCH', { worker: this.#address, objectId, offsetBytes }),
      );
      return;
    }
    pending.read.receivedBytes += bytes.length;
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
    if (header.type === FRAME.ERROR) pending.reject(decodeError(body));
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
