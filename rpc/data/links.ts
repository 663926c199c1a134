/**
 * Connections to workers' data planes: one per address, made when first needed, forgotten when it ends.
 *
 *     none ──get──▶ connecting ──▶ open ──ends──▶ none, or resting
 *      ▲                │                            │
 *      └── rest over ── resting ◀── failed, avoided ─┘
 *
 * Always true:
 *   - an address that refused, hung or was reported is not asked while it rests: whoever wants it is told
 *     so at once;
 *   - one that hung costs nobody a second wait: after its rest it is tried in the background, and refused
 *     until it has answered.
 */
import { hasCode, LarderError } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import { formatAddress } from './address.ts';
import type { DataAddress } from './address.ts';
import { DataClient } from './client.ts';

export interface LinksOptions {
  readonly clock: Clock;
  /** Who asks, for the workers' logs. */
  readonly client: string;
  /** The worker on this node, where one is known by now. */
  readonly worker?: () => string | undefined;
  /** A worker that says nothing for so long while it is asked, hangs; so long it may take to answer HELLO. */
  readonly silenceMs: number;
  /** How long one that hung, or was reported, is not asked. */
  readonly restMs: number;
  readonly onConnected?: (client: DataClient, address: DataAddress) => void;
  readonly onClosed?: (address: DataAddress) => void;
}

interface Rest {
  readonly untilMs: number;
  readonly error: unknown;
  /** It hung: trying it may take as long again. */
  readonly hung: boolean;
}

/** Of one that refused: short against the time that a worker takes to start (about 300 ms). */
const REST_AFTER_REFUSAL_MS = 50;
/** Silence ends a try before: it is not mistaken for one while this process itself stands still. */
const CONNECT_SILENCES = 4;

export class Links implements AsyncDisposable {
  readonly #options: LinksOptions;
  readonly #open = new Map<string, Promise<DataClient>>();
  readonly #rests = new Map<string, Rest>();
  readonly #probing = new Set<string>();
  readonly #closing = new AbortController();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** @throws {LarderError} `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `PROTOCOL_MISMATCH` */
  get(address: DataAddress): Promise<DataClient> {
    const key = formatAddress(address);
    const rest = this.#rests.get(key);
    if (rest !== undefined && (this.#isResting(rest) || rest.hung)) {
      if (!this.#isResting(rest)) this.#probe(address, key);
      return Promise.reject(new LarderError('UNAVAILABLE', { worker: key }, { cause: rest.error }));
    }
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const connecting = this.#connect(address, key);
    this.#open.set(key, connecting);
    return connecting;
  }

  /** Whether `get` would refuse it now. */
  isAvoided(address: DataAddress): boolean {
    const rest = this.#rests.get(formatAddress(address));
    return rest !== undefined && (rest.hung || this.#isResting(rest));
  }

  /** It answered, but not as it must: it is not asked for a while. */
  avoid(address: DataAddress, error: unknown): void {
    const untilMs = this.#options.clock.monotonicMs() + this.#options.restMs;
    this.#rests.set(formatAddress(address), { untilMs, error, hung: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const settled = await Promise.allSettled(this.#open.values());
    for (const result of settled) {
      if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
    }
  }

  #isResting({ untilMs }: Rest): boolean {
    return this.#options.clock.monotonicMs() < untilMs;
  }

  #probe(address: DataAddress, key: string): void {
    if (this.#probing.has(key) || this.#closing.signal.aborted) return;
    this.#probing.add(key);
    const connecting = this.#connect(address, key);
    this.#open.set(key, connecting);
    void connecting
      .catch(() => undefined)
      .finally(() => {
        this.#probing.delete(key);
      });
  }

  async #connect(address: DataAddress, key: string): Promise<DataClient> {
    const { clock, client, worker, silenceMs, onConnected, onClosed } = this.#options;
    let made: DataClient | undefined;
    try {
      const connection = await DataClient.connect(
        address,
        {
          ...{ clock, client, silenceMs, worker: worker?.() },
          connectTimeoutMs: CONNECT_SILENCES * silenceMs,
        },
        this.#closing.signal,
      );
      made = connection;
      connection.onClosed((error) => {
        this.#open.delete(key);
        if (isHang(error)) this.#rest(key, error);
        onClosed?.(address);
      });
      if (connection.closed) throw new LarderError('UNAVAILABLE', { worker: key });
      this.#rests.delete(key);
      onConnected?.(connection, address);
      return connection;
    } catch (error) {
      if (made === undefined) this.#open.delete(key);
      this.#rest(key, error);
      throw error;
    }
  }

  #rest(key: string, error: unknown): void {
    const hung = isHang(error);
    const isLong = hung || hasCode(error, 'PROTOCOL_MISMATCH');
    const restMs = isLong ? this.#options.restMs : REST_AFTER_REFUSAL_MS;
    const untilMs = this.#options.clock.monotonicMs() + restMs;
    this.#rests.set(key, { untilMs, error, hung });
  }
}

/** Nothing came for as long as it may take. */
function isHang(error: unknown): boolean {
  if (hasCode(error, 'DEADLINE_EXCEEDED')) return true;
  return error instanceof LarderError && error.facts['silentMs'] !== undefined;
}
