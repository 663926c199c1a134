/**
 * Where a read goes: to the owner, and while that cannot be reached, to the next candidate in
 * rendezvous order. The first that is reached reads the origin if it must; a client never does.
 *
 * Always true:
 *   - a read ends: with its bytes, with an error that asking again cannot cure, or at its deadline
 *     with the last error met;
 *   - bytes come from one version only, checked by the connection that brought them.
 */
import { asLarderError, hasCode, LarderError, STRIPE_BYTES, stripeOf } from '../common/index.ts';
import type { ErrorCode, ObjectRef, Placement, PlacementMember } from '../common/index.ts';
import { tcpAddress } from '../rpc/data/index.ts';
import type { DataAddress, DataClient, RequestOptions } from '../rpc/data/index.ts';
import type { FileAddress, HeldAt, HeldRequest, ReadRequest } from '../rpc/frames/index.ts';
import type { Connections } from './connections.ts';
import type { ConnectConfig } from './options.ts';

export interface RouterOptions {
  readonly config: ConnectConfig;
  readonly connections: Connections;
  /** The newest placement known. */
  readonly placement: () => Placement;
}

export interface FileRange {
  readonly file: FileAddress;
  readonly ref: ObjectRef;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Codes that another worker, or the same one a moment later, can cure. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'BUSY',
  'CHECKSUM_MISMATCH',
  'FRAME_INVALID',
  'CACHE_IO',
]);
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export class Router {
  readonly #config: ConnectConfig;
  readonly #connections: Connections;
  readonly #placement: () => Placement;
  #localWorkerId: string | undefined;

  constructor(options: RouterOptions) {
    this.#config = options.config;
    this.#connections = options.connections;
    this.#placement = options.placement;
  }

  /**
   * @param memory see `MountSource.read`: for the first try only, because a connection that was given up
   *   in the middle of a frame still writes to it
   * @throws {LarderError} origin errors, `CANCELLED`, and what was last met at the deadline
   */
  read(range: FileRange, signal: AbortSignal, memory?: Buffer): Promise<Buffer> {
    let unused = memory;
    return this.#persist(range, signal, (client, timeoutMs) => {
      const into = unused;
      unused = undefined;
      return this.#readFrom(client, range, { timeoutMs, signal }, into);
    });
  }

  /** As `read`, but the worker on this node, where it is the one that is asked, may say which file has the bytes. */
  hold(range: FileRange, signal: AbortSignal): Promise<Buffer | HeldAt> {
    return this.#persist<Buffer | HeldAt>(range, signal, async (client, timeoutMs) => {
      const isLocal = client.workerId === this.#localWorkerId;
      const at = isLocal ? await this.#holdAt(client, range, timeoutMs, signal) : undefined;
      return at ?? (await this.#readFrom(client, range, { timeoutMs, signal }));
    });
  }

  /** How much of a range its owner has on disk; of an object of one stripe, how much of all of it. */
  async held(
    range: FileRange,
    signal: AbortSignal,
  ): Promise<{ heldBytes: number; complete: boolean }> {
    return await this.#persist(range, signal, (client, timeoutMs) =>
      client.held(heldRequest(range), { timeoutMs, signal }),
    );
  }

  /** The worker on this node, or undefined where none was named. */
  async local(): Promise<DataClient | undefined> {
    const path = this.#config.workerSocket;
    if (path === undefined) return undefined;
    const client = await this.#connections.get({ kind: 'unix', path });
    this.#localWorkerId = client.workerId;
    return client;
  }

  /** The worker that is asked first, or undefined where none is known. */
  async owner(range: FileRange): Promise<DataClient | undefined> {
    const [address] = await this.#addresses(range);
    return address === undefined ? undefined : await this.#connections.get(address);
  }

  /** Workers in the order in which they are asked, for `locate`. */
  candidates(ref: ObjectRef, offsetBytes: number): PlacementMember[] {
    return this.#placement().candidates(ref.objectId, stripeOf(offsetBytes, ref.sizeBytes));
  }

  async #persist<T>(
    range: FileRange,
    signal: AbortSignal,
    ask: (client: DataClient, timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    const { clock, readTimeoutMs, attemptTimeoutMs, random } = this.#config;
    const deadlineMs = clock.monotonicMs() + readTimeoutMs;
    // Made when it is needed: an error costs as much as the rest of finding the way.
    let failure: LarderError | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      for (const address of await this.#addresses(range)) {
        const leftMs = deadlineMs - clock.monotonicMs();
        if (leftMs <= 0) throw failure ?? new LarderError('NO_WORKER');
        try {
          const client = await this.#connections.get(address);
          return await ask(client, Math.min(leftMs, attemptTimeoutMs));
        } catch (error) {
          failure = asLarderError(error);
          if (!PASSING.has(failure.code)) throw failure;
        }
      }
      if (clock.monotonicMs() + pauseMs >= deadlineMs) {
        throw failure ?? new LarderError('NO_WORKER');
      }
      await clock.sleep(pauseMs * (0.5 + random() / 2), signal);
    }
  }

  /** Undefined where the bytes cannot be had by path. */
  async #holdAt(
    client: DataClient,
    range: FileRange,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<HeldAt | undefined> {
    try {
      return await client.hold(this.#request(range, timeoutMs, true), { timeoutMs, signal });
    } catch (error) {
      if (hasCode(error, 'NOT_KEPT')) return undefined;
      throw error;
    }
  }

  async #readFrom(
    first: DataClient,
    range: FileRange,
    options: RequestOptions,
    memory?: Buffer,
  ): Promise<Buffer> {
    let client = first;
    // A keeper may have moved on as well; two hops are the owner and the keeper it names.
    for (let hops = 0; hops < 3; hops += 1) {
      const request = this.#request(range, options.timeoutMs, client === first);
      const into = hops === 0 ? memory : undefined;
      const answer = await client.read(request, range.ref.objectId, options, into);
      if (answer.kind === 'data') return answer.bytes;
      if (answer.kind !== 'redirect') throw new LarderError('BUSY', { answer: answer.kind });
      client = await this.#connections.get(tcpAddress(answer.dataAddress));
    }
    throw new LarderError('BUSY', { answer: 'redirected too often' });
  }

  #request(range: FileRange, timeoutMs: number, mayFetch: boolean): ReadRequest {
    const { file, offsetBytes, lengthBytes } = range;
    const placement = this.#placement().number;
    return {
      ...file,
      ...{ offsetBytes, lengthBytes, mayFetch, placement, deadlineMs: Math.ceil(timeoutMs) },
    };
  }

  async #addresses(range: FileRange): Promise<DataAddress[]> {
    const { workerSocket } = this.#config;
    const members = this.candidates(range.ref, range.offsetBytes);
    if (workerSocket === undefined) return members.map((member) => tcpAddress(member.dataAddress));
    if (this.#localWorkerId === undefined) await this.local().catch(() => undefined);
    const local: DataAddress = { kind: 'unix', path: workerSocket };
    // Before the first placement is known, the worker of this node is the one that can be asked.
    if (members.length === 0) return [local];
    return members.map((member) =>
      member.workerId === this.#localWorkerId ? local : tcpAddress(member.dataAddress),
    );
  }
}

function heldRequest({ file, ref, offsetBytes, lengthBytes }: FileRange): HeldRequest {
  const isStriped = ref.sizeBytes > STRIPE_BYTES;
  return isStriped ? { address: file, range: { offsetBytes, lengthBytes } } : { address: file };
}
