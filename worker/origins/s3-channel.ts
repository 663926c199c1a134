/**
 * All requests to one bucket: where it is, who asks, the connections, the pace, and the retries.
 *
 * Always true: there is one pool of connections, one throttle and one source of credentials for
 * everything that is asked of the origin, so that no request works around a limit that another met.
 */
import { Pool } from 'undici';
import type { Clock, DatasetSettings, Logger, Random } from '../../common/index.ts';
import { LarderError, printableKey } from '../../common/index.ts';
import { orAborted } from './abort.ts';
import { guardedLookup, isRefusedAddress } from './endpoint-guard.ts';
import { lendingConnector } from './lent-reads.ts';
import { encodePath, encodeQueryValue } from './key-bytes.ts';
import { withRetries } from './retries.ts';
import { CredentialSource, type S3Credentials } from './s3-credentials.ts';
import { exchange, type AnswerReceiver } from './s3-exchange.ts';
import type { S3Subject } from './s3-failures.ts';
import { locateBucket, type S3Location } from './s3-location.ts';
import { S3Signer } from './s3-signer.ts';
import { Throttle } from './throttle.ts';
import type { TryFailed } from './try-failed.ts';
import type { CompiledTuning } from './tuning.ts';

export interface S3ChannelOptions {
  readonly bucket: string;
  readonly settings: DatasetSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly tuning: CompiledTuning;
  /** Called when the bucket has asked for fewer requests; once for a storm of refusals. */
  readonly onRefused: () => void;
}

export interface S3Get {
  /** Undefined: the bucket itself. */
  readonly key: Buffer | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Awaited before each try: what an earlier one received has been dealt with. */
  ready(): Promise<void> | undefined;
  /** Called for each try. */
  start(subject: S3Subject): {
    readonly headers: Readonly<Record<string, string>>;
    readonly receiver: AnswerReceiver;
  };
}

interface Place {
  readonly location: S3Location;
  readonly host: string;
  readonly pool: Pool;
  readonly signer: S3Signer;
}

export class S3Channel implements AsyncDisposable {
  readonly #options: S3ChannelOptions;
  readonly #credentials: CredentialSource;
  readonly #throttle: Throttle;
  #place: Place | undefined;
  #finding: Promise<Place> | undefined;
  /** Said by the origin itself, instead of what was configured. */
  #region: string | undefined;
  #closed = false;

  constructor(options: S3ChannelOptions) {
    this.#options = options;
    this.#credentials = new CredentialSource(options.settings.credentials, options.clock);
    this.#throttle = new Throttle(options.clock);
  }

  /**
   * One GET with its retries.
   *
   * @throws {LarderError} `ORIGIN_…`
   * @throws the signal's reason, or what the receiver threw
   */
  get(request: S3Get): Promise<void> {
    const { clock, random, tuning } = this.#options;
    let used: S3Credentials | undefined;
    const attempt = async () => {
      if (this.#closed) throw new LarderError('CANCELLED', { bucket: this.#options.bucket });
      const ready = request.ready();
      if (ready !== undefined) await orAborted(ready, request.signal);
      const found = this.#credentials.get();
      used = found instanceof Promise ? await orAborted(found, request.signal) : found;
      const place = this.#place ?? (await orAborted(this.#find(), request.signal));
      await this.#try(request, place, used);
    };
    return withRetries(attempt, {
      clock,
      random,
      tuning,
      throttle: this.#throttle,
      signal: request.signal,
      repair: (failure) => orAborted(this.#repair(failure, used), request.signal),
      onRetry: (failure, tries) => {
        this.#options.log.debug({ tries, ...failure.error.facts }, failure.error.code);
      },
      onThrottled: (perSecond) => {
        this.#options.onRefused();
        this.#options.log.warn({ bucket: this.#options.bucket, perSecond }, 'origin throttles');
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#place?.pool.destroy();
  }

  async #try(request: S3Get, place: Place, used: S3Credentials | undefined): Promise<void> {
    const { bucket, clock, tuning } = this.#options;
    const { location, host } = place;
    const subject: S3Subject = {
      endpoint: location.endpoint,
      bucket,
      ...(request.key === undefined ? {} : { key: printableKey(request.key) }),
    };
    const path = location.basePath + encodePath(request.key ?? Buffer.alloc(0));
    const { headers, receiver } = request.start(subject);
    const signed =
      used === undefined
        ? { ...headers, host }
        : place.signer.sign({ host, path, query: request.query, headers }, used, clock.wallMs());
    await exchange(place.pool, receiver, {
      path: path + queryString(request.query),
      headers: signed,
      headersTimeoutMs: tuning.headersTimeoutMs,
      bodyIdleTimeoutMs: tuning.bodyIdleTimeoutMs,
      subject,
      wallMs: () => clock.wallMs(),
      signal: request.signal,
    });
  }

  async #repair(failure: TryFailed, used: S3Credentials | undefined): Promise<boolean> {
    if (failure.then === 'credentials') return this.#credentials.replace(used);
    if (failure.region === undefined || failure.region === this.#place?.location.region) {
      return false;
    }
    this.#region = failure.region;
    const former = this.#place;
    this.#place = undefined;
    await this.#find();
    // Requests under way on the former connections end by themselves.
    void former?.pool.close();
    return true;
  }

  #find(): Promise<Place> {
    this.#finding ??= this.#locate().finally(() => {
      this.#finding = undefined;
    });
    return this.#finding;
  }

  async #locate(): Promise<Place> {
    const { bucket, settings, tuning } = this.#options;
    const location = await locateBucket(bucket, settings, this.#region).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new LarderError('ORIGIN_UNREACHABLE', { bucket, reason }, { cause });
    });
    const { host, hostname } = new URL(location.endpoint);
    if (isRefusedAddress(hostname)) {
      const reason = 'link-local addresses are refused';
      throw new LarderError('ORIGIN_DENIED', { bucket, endpoint: location.endpoint, reason });
    }
    const pool = new Pool(location.endpoint, {
      connections: tuning.maxConnections,
      connect: lendingConnector({ timeout: tuning.connectTimeoutMs, lookup: guardedLookup }),
    });
    this.#place = { location, host, pool, signer: new S3Signer(location.region) };
    return this.#place;
  }
}

function queryString(query: Readonly<Record<string, string>>): string {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${encodeQueryValue(value)}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
