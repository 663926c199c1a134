/** What people want to know of an S3 origin that does not work: where it is, its clock, who asks. */
import { Pool } from 'undici';
import { LarderError, systemCode } from '../../common/index.ts';
import type { Clock, DatasetSettings } from '../../common/index.ts';
import { guardedLookup, isRefusedAddress } from './endpoint-guard.ts';
import { CredentialSource } from './s3-credentials.ts';
import { locateBucket } from './s3-location.ts';

const TIMEOUT_MS = 5_000;

export interface EndpointInspection {
  readonly endpoint: string;
  readonly region: string;
  readonly tookMs: number;
  /** How far its clock is ahead of this one, to a second; undefined where it sends no Date. */
  readonly aheadMs: number | undefined;
}

/**
 * Asks the endpoint for its head, unsigned: any answer will do.
 *
 * @throws {LarderError} `ORIGIN_UNREACHABLE`, `ORIGIN_DENIED` for a link-local address
 */
export async function inspectEndpoint(
  bucket: string,
  settings: DatasetSettings,
  clock: Clock,
): Promise<EndpointInspection> {
  const { endpoint, region } = await locateBucket(bucket, settings);
  if (isRefusedAddress(new URL(endpoint).hostname)) {
    throw new LarderError('ORIGIN_DENIED', {
      endpoint,
      reason: 'link-local addresses are refused',
    });
  }
  const pool = new Pool(endpoint, {
    connections: 1,
    connect: { timeout: TIMEOUT_MS, lookup: guardedLookup },
  });
  try {
    const sentMs = clock.wallMs();
    const { headers, body } = await pool.request({
      method: 'HEAD',
      path: '/',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body.dump();
    const receivedMs = clock.wallMs();
    const dateMs = Date.parse(String(headers['date']));
    return {
      endpoint,
      region,
      tookMs: receivedMs - sentMs,
      // A Date is cut to the second: on average half of one is missing.
      aheadMs: Number.isNaN(dateMs) ? undefined : dateMs + 500 - (sentMs + receivedMs) / 2,
    };
  } catch (cause) {
    const reason = systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new LarderError('ORIGIN_UNREACHABLE', { endpoint, reason }, { cause });
  } finally {
    await pool.destroy();
  }
}

/** The SDK notes on what it found how it did. */
const SOURCES: Readonly<Record<string, string>> = {
  CREDENTIALS_ENV_VARS: 'environment variables',
  CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN: 'web identity token',
  CREDENTIALS_STS_ASSUME_ROLE_WEB_ID: 'web identity token',
  CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN: 'web identity token of a profile',
  CREDENTIALS_STS_ASSUME_ROLE: 'assumed role',
  CREDENTIALS_PROFILE_SOURCE_PROFILE: 'assumed role of a profile',
  CREDENTIALS_PROFILE_PROCESS: 'credential process of a profile',
  CREDENTIALS_PROCESS: 'credential process of a profile',
  CREDENTIALS_PROFILE_SSO: 'single sign-on',
  CREDENTIALS_PROFILE_SSO_LEGACY: 'single sign-on',
  CREDENTIALS_SSO: 'single sign-on',
  CREDENTIALS_SSO_LEGACY: 'single sign-on',
  CREDENTIALS_PROFILE_LOGIN: 'login session',
  CREDENTIALS_LOGIN: 'login session',
  CREDENTIALS_PROFILE: 'profile in a shared credentials file',
  CREDENTIALS_HTTP: 'container role',
  CREDENTIALS_IMDS: 'instance role',
};

/**
 * Which kind of credentials a reference leads to on this machine; never the credentials.
 *
 * @throws {LarderError} `ORIGIN_CREDENTIALS` where there are none
 */
export async function findCredentials(
  reference: string,
  clock: Clock,
): Promise<{ readonly kind: string; readonly expiresAtMs: number | undefined }> {
  const found = await new CredentialSource(reference, clock).get();
  if (found === undefined) return { kind: 'none, requests are not signed', expiresAtMs: undefined };
  const notes = (found as { readonly $source?: Readonly<Record<string, string>> }).$source ?? {};
  const source = Object.keys(SOURCES).find((name) => name in notes);
  const kind = source === undefined ? 'of a kind that the SDK does not name' : SOURCES[source];
  return { kind: kind ?? '', expiresAtMs: found.expiration?.getTime() };
}
