/**
 * Where a read goes: to the owner, and while that cannot be reached or cannot fetch, to the next candidate
 * in rendezvous order. The first that is reached reads the origin if it must; a client never does. Of a
 * dataset that every worker keeps, or whose nodes read parts of it, this node's worker is asked first.
 *
 * Always true:
 *   - a read ends: with its bytes, with an error that asking again cannot cure, or at its deadline
 *     with the last error met;
 *   - a worker that hangs does not use up the time of a read: while others can be asked, each gets half of
 *     what is left at most;
 *   - bytes come from one version only, checked by the connection that brought them.
 */
import { asLarderError, hasCode, LarderError, STRIPE_BYTES, stripeOf } from '../common/index.ts';
import type { DatasetSettings, ObjectRef, Placement, PlacementMember } from '../common/index.ts';
import { tcpAddress } from '../rpc/data/index.ts';
import type { DataAddress, DataClient } from '../rpc/data/index.ts';
import type { FileAddress, HeldAt, HeldRequest, ReadRequest } from '../rpc/frames/index.ts';
import { Attempts } from './attempts.ts';
import type { Attempt } from './attempts.ts';
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
  /** Of the dataset; default 1. */
  readonly replicas?: DatasetSettings['replicas'];
  /** Of the dataset; default `auto`. */
  readonly policy?: DatasetSettings['policy'];
}

/** The owner, and a keeper that it names, which may have moved on as well. */
const MAX_REDIRECTS = 2;

export class Router {
  readonly #config: ConnectConfig;
  readonly #connections: Connections;
  readonly #placement: () => Placement;
  readonly #attempts: Attempts;
  #localWorkerId: string | undefined;

  constructor(options: RouterOptions) {
    this.#config = options.config;
    this.#connections = options.connections;
    this.#placement = options.placement;
    this.#attempts = new Attempts(options);
  }

  /** Once it was asked for anything; undefined where none was named. */
  get localWorkerId(): string | undefined {
    return this.#localWorkerId;
  }

  /**
   * The range lies within one stripe.
   *
   * @param memory see `MountSource.read`: for the first try only, because a connection that was given up
   *   in the middle of a frame still writes to it
   * @throws {LarderError} origin errors, `CANCELLED`, and what was last met at the deadline
   */
  read(range: FileRange, signal: AbortSignal, memory?: Buffer): Promise<Buffer> {
    let unused = memory;
    return this.#persist(range, signal, (attempt) => {
      const into = unused;
      unused = undefined;
      return this.#readFrom(attempt, range, signal, into);
    });
  }

  /** As `read`, but the worker on this node, where it is the one that is asked, may say which file has the bytes. */
  hold(range: FileRange, signal: AbortSignal): Promise<Buffer | HeldAt> {
    return this.#persist<Buffer | HeldAt>(range, signal, async (attempt) => {
      const isLocal = attempt.client.workerId === this.#localWorkerId;
      const at = isLocal ? await this.#holdAt(attempt, range, signal) : undefined;
      return at ?? (await this.#readFrom(attempt, range, signal));
    });
  }

  /** How much of a range its owner has on disk; of an object of one stripe, how much of all of it. */
  async held(
    range: FileRange,
    signal: AbortSignal,
  ): Promise<{ heldBytes: number; complete: boolean }> {
    return await this.#persist(range, signal, ({ client, timeoutMs }) =>
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
    const [address] = await this.#addresses(range, 1);
    return address === undefined ? undefined : await this.#connections.get(address);
  }

  /** Workers in the order in which they are asked, for `locate`. */
  candidates(ref: ObjectRef, offsetBytes: number, most?: number): PlacementMember[] {
    const stripe = stripeOf(offsetBytes, ref.sizeBytes);
    return this.#placement().candidates(ref.objectId, stripe, most);
  }

  #persist<T>(
    range: FileRange,
    signal: AbortSignal,
    ask: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    return this.#attempts.persist((most) => this.#addresses(range, most), signal, ask);
  }

  /** Undefined where the bytes cannot be had by path. */
  async #holdAt(
    attempt: Attempt,
    range: FileRange,
    signal: AbortSignal,
  ): Promise<HeldAt | undefined> {
    const { client, timeoutMs } = attempt;
    try {
      return await client.hold(this.#request(range, attempt), { timeoutMs, signal });
    } catch (error) {
      if (hasCode(error, 'NOT_KEPT')) return undefined;
      throw error;
    }
  }

  async #readFrom(
    attempt: Attempt,
    range: FileRange,
    signal: AbortSignal,
    memory?: Buffer,
  ): Promise<Buffer> {
    const { timeoutMs, waits } = attempt;
    const { objectId } = range.ref;
    let { client } = attempt;
    for (let redirects = 0; ;) {
      const request = this.#request(range, attempt);
      const into = redirects === 0 && waits.count === 0 ? memory : undefined;
      const answer = await client
        .read(request, objectId, { timeoutMs, signal }, into)
        .catch((error: unknown) => {
          throw redirects === 0 ? error : lostKeeper(error);
        });
      switch (answer.kind) {
        case 'data':
          return answer.bytes;
        case 'redirect':
          redirects += 1;
          if (redirects > MAX_REDIRECTS) throw new LarderError('BUSY', { answer: 'redirected' });
          client = await this.#connections.get(tcpAddress(answer.dataAddress));
          break;
        case 'moved':
          throw await waits.placement(answer.placement);
        case 'busy':
          await waits.turn(answer.retryAfterMs);
          break;
      }
    }
  }

  #request(range: FileRange, attempt: Attempt): ReadRequest {
    const { file, offsetBytes, lengthBytes } = range;
    const { timeoutMs, waits } = attempt;
    // Where the placement that others have does not come, whoever is asked is the one.
    const placement = waits.isOutdated ? 0 : this.#placement().number;
    return {
      ...file,
      // Also of whoever it is sent to, which stands in for the owner.
      ...{ offsetBytes, lengthBytes, mayFetch: true, placement, deadlineMs: Math.ceil(timeoutMs) },
    };
  }

  async #addresses(range: FileRange, most?: number): Promise<DataAddress[]> {
    const { workerSocket } = this.#config;
    const members = this.candidates(range.ref, range.offsetBytes, most);
    if (workerSocket === undefined) return members.map((member) => tcpAddress(member.dataAddress));
    if (this.#localWorkerId === undefined) await this.local().catch(() => undefined);
    const local: DataAddress = { kind: 'unix', path: workerSocket };
    // Before the first placement is known, the worker of this node is the one that can be asked.
    if (members.length === 0) return [local];
    const isLocal = ({ workerId }: PlacementMember) => workerId === this.#localWorkerId;
    const addresses = members.map((member) =>
      isLocal(member) ? local : tcpAddress(member.dataAddress),
    );
    const isLocalFirst = range.replicas === 'all' || range.policy === 'partitioned';
    if (!isLocalFirst || this.#localWorkerId === undefined) return addresses;
    return [local, ...addresses.filter((address) => address !== local)];
  }
}

/** What a keeper that was named has no more, the owner has, or fetches. */
function lostKeeper(error: unknown): LarderError {
  const failure = asLarderError(error);
  if (failure.code !== 'NOT_FOUND') return failure;
  return new LarderError('UNAVAILABLE', { what: 'the keeper has it no more' }, { cause: error });
}

function heldRequest({ file, ref, offsetBytes, lengthBytes }: FileRange): HeldRequest {
  const isStriped = ref.sizeBytes > STRIPE_BYTES;
  return isStriped ? { address: file, range: { offsetBytes, lengthBytes } } : { address: file };
}
