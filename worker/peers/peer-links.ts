/**
 * Connections to the data planes of other workers, and what was seen of them: who hangs, who sends wrong
 * bytes, and who said that it cannot reach an origin.
 *
 * Always true: a worker that hung or sent wrong bytes is asked by nobody here for a while; one that has no
 * credentials for a dataset is not asked to fetch of it for a while, but still for what it has.
 */
import { asLarderError, LarderError, SparseWarning } from '../../common/index.ts';
import type { Clock, ErrorCode, Logger, PlacementMember } from '../../common/index.ts';
import { Links, tcpAddress } from '../../rpc/data/index.ts';
import type { DataClient } from '../../rpc/data/index.ts';

export interface PeerLinksOptions {
  readonly workerId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** A worker that says nothing for so long while it is asked, hangs. Default 5,000 ms. */
  readonly timeoutMs?: number | undefined;
  /** How long one that hung or sent wrong bytes is not asked. Default 5,000 ms. */
  readonly restMs?: number | undefined;
  /** How long one without credentials is not asked to fetch. Default 10,000 ms. */
  readonly originRestMs?: number | undefined;
}

/** Since the start of the process. */
export interface PeerCounters {
  /** Answers that were wrong: bytes of another object, too few, damaged, or frames of another release. */
  readonly badAnswers: number;
  /** The worker that gave the last of them; empty where there was none. */
  readonly lastBadPeer: string;
  /** Taken from them, to keep or to pass on. */
  readonly receivedBytes: number;
}

/** What a sound worker never sends. */
const BAD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHECKSUM_MISMATCH',
  'FRAME_INVALID',
  'PROTOCOL_MISMATCH',
]);

export class PeerLinks implements AsyncDisposable {
  readonly #options: PeerLinksOptions;
  readonly #links: Links;
  readonly #warning: SparseWarning;
  /** By worker and dataset: until when it is not asked to fetch. */
  readonly #unable = new Map<string, number>();
  #badAnswers = 0;
  #receivedBytes = 0;
  #lastBadPeer = '';

  constructor(options: PeerLinksOptions) {
    const { clock, log, workerId, timeoutMs = 5_000, restMs = 5_000 } = options;
    this.#options = options;
    this.#links = new Links({
      ...{ clock, restMs },
      client: `worker ${workerId}`,
      worker: () => workerId,
      silenceMs: timeoutMs,
    });
    this.#warning = new SparseWarning(clock, log);
  }

  get counters(): PeerCounters {
    return {
      badAnswers: this.#badAnswers,
      lastBadPeer: this.#lastBadPeer,
      receivedBytes: this.#receivedBytes,
    };
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  /** @throws {LarderError} `UNAVAILABLE` (at once where it rests), `DEADLINE_EXCEEDED`, `PROTOCOL_MISMATCH` */
  async connect(member: PlacementMember): Promise<DataClient> {
    const client = await this.#links.get(tcpAddress(member.dataAddress));
    if (client.workerId === member.workerId) return client;
    const why = 'another worker answers there';
    throw new LarderError('UNAVAILABLE', { worker: member.dataAddress, why });
  }

  /** Whether it would not be asked now. */
  isAvoided(member: PlacementMember): boolean {
    return this.#links.isAvoided(tcpAddress(member.dataAddress));
  }

  /** What connecting to it, or a request, failed with: to be told once. */
  report(member: PlacementMember, error: unknown): void {
    if (!isBad(asLarderError(error), member)) return;
    this.#badAnswers += 1;
    this.#lastBadPeer = member.workerId;
    this.#links.avoid(tcpAddress(member.dataAddress), error);
    this.#warning.say(
      { err: error, peer: member.workerId, node: member.node, address: member.dataAddress },
      'a worker gave a wrong answer: it is not asked for a while',
    );
  }

  /** It said that it has no credentials for the dataset. */
  reportUnable(member: PlacementMember, datasetId: number): void {
    const { clock, originRestMs = 10_000 } = this.#options;
    this.#unable.set(unableKey(member, datasetId), clock.monotonicMs() + originRestMs);
  }

  /** Whether it may be asked to fetch of the dataset. */
  canFetch(member: PlacementMember, datasetId: number): boolean {
    const untilMs = this.#unable.get(unableKey(member, datasetId));
    if (untilMs === undefined) return true;
    if (this.#options.clock.monotonicMs() < untilMs) return false;
    this.#unable.delete(unableKey(member, datasetId));
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#links[Symbol.asyncDispose]();
  }
}

/** What the worker passed on of another one's faults is not its own. */
function isBad({ code, facts }: LarderError, member: PlacementMember): boolean {
  if (!BAD.has(code)) return false;
  return code === 'PROTOCOL_MISMATCH' || facts['worker'] === member.dataAddress;
}

function unableKey(member: PlacementMember, datasetId: number): string {
  return `${member.workerId} ${String(datasetId)}`;
}
