/**
 * The credentials of one origin: found by the AWS SDK from a reference, refreshed once for all who
 * found them wanting.
 *
 * Always true: at most one look-up is under way; whoever was refused with credentials that have been
 * replaced meanwhile gets the new ones without another look-up; what has not expired is used, also while
 * others cannot be found.
 *
 * A reference is `profile:NAME`, `file:PATH` (a shared credentials file, its `[default]`),
 * `anonymous`, or empty for the SDK's default chain.
 */
import { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { Clock } from '../../common/index.ts';
import { LarderError } from '../../common/index.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** `fresh`: not from the provider's own memory. */
export type CredentialProvider = (options: { fresh: boolean }) => Promise<S3Credentials>;

/** Refreshed so long before they expire, as the SDK does. */
const EARLY_MS = 5 * 60_000;
/** Credentials that were just looked up are not looked up again. */
const SETTLE_MS = 1_000;

export class CredentialSource {
  readonly #provider: CredentialProvider | undefined;
  readonly #reference: string;
  readonly #clock: Clock;
  #current: S3Credentials | undefined;
  #lookedUpAtMs = -Infinity;
  #lookup: Promise<S3Credentials> | undefined;

  constructor(reference: string, clock: Clock, provider = providerOf(reference)) {
    this.#reference = reference;
    this.#clock = clock;
    this.#provider = provider;
  }

  /**
   * Undefined: do not sign.
   *
   * @throws {LarderError} `ORIGIN_CREDENTIALS`
   */
  get(): S3Credentials | Promise<S3Credentials> | undefined {
    if (this.#provider === undefined) return undefined;
    const current = this.#current;
    if (current === undefined) return this.#lookUp(false);
    if (this.#validMs(current) >= EARLY_MS || this.#justLookedUp()) return current;
    return this.#renew(current);
  }

  /**
   * After the origin refused `used`: true where there are others now.
   *
   * @throws {LarderError} `ORIGIN_CREDENTIALS` where none can be found
   */
  async replace(used: S3Credentials | undefined): Promise<boolean> {
    if (used === undefined) return false;
    if (!same(used, this.#current)) return true;
    if (this.#justLookedUp()) return false;
    return !same(used, await this.#lookUp(true));
  }

  /** A service that is away for a while fails nothing as long as these are valid. */
  async #renew(current: S3Credentials): Promise<S3Credentials> {
    try {
      return await this.#lookUp(true);
    } catch (error) {
      if (this.#validMs(current) > 0) return current;
      throw error;
    }
  }

  #validMs({ expiration }: S3Credentials): number {
    return expiration === undefined ? Infinity : expiration.getTime() - this.#clock.wallMs();
  }

  #justLookedUp(): boolean {
    return this.#clock.monotonicMs() - this.#lookedUpAtMs < SETTLE_MS;
  }

  #lookUp(fresh: boolean): Promise<S3Credentials> {
    this.#lookup ??= this.#ask(fresh).finally(() => {
      this.#lookup = undefined;
    });
    return this.#lookup;
  }

  async #ask(fresh: boolean): Promise<S3Credentials> {
    try {
      const found = await this.#provider?.({ fresh });
      if (found === undefined) throw new Error('no provider');
      this.#current = found;
      return found;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const facts = { credentials: this.#reference === '' ? 'default chain' : this.#reference };
      throw new LarderError('ORIGIN_CREDENTIALS', { ...facts, reason }, { cause });
    } finally {
      this.#lookedUpAtMs = this.#clock.monotonicMs();
    }
  }
}

function providerOf(reference: string): CredentialProvider | undefined {
  if (reference === 'anonymous') return undefined;
  const [, kind, name = ''] = /^(profile|file):(.+)$/s.exec(reference) ?? [];
  if (kind === 'profile') {
    return ({ fresh }) => fromIni({ profile: name, ignoreCache: fresh })();
  }
  if (kind === 'file') {
    const options = { filepath: name, configFilepath: name, profile: 'default' };
    return () => fromIni({ ...options, ignoreCache: true })();
  }
  const chain = fromNodeProviderChain();
  return ({ fresh }) => chain({ forceRefresh: fresh });
}

function same(a: S3Credentials, b: S3Credentials | undefined): boolean {
  return (
    a.accessKeyId === b?.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken
  );
}
