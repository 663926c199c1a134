/**
 * An origin, asked from this machine as this user: reachable, listable, readable. Workers ask for
 * themselves, with what they find. Runs isolated: a directory may be on a network that hangs.
 */
import {
  asLarderError,
  DEFAULT_SETTINGS,
  parseOriginUrl,
  silentLogger,
  systemClock,
  systemRandom,
  withSetting,
} from '../../common/index.ts';
import type { DatasetSettings, ListingEntry } from '../../common/index.ts';
import type { Origin } from '../../worker/origins/index.ts';
import { note, ok, problem, warning } from './check.ts';
import type { Check, Observation, Subject } from './check.ts';

const TIMEOUT_MS = 25_000;
const SLOW_MS = 1_000;
/** Loaded here: most checks, and the children that they run in, do without the AWS SDK. */
const load = () => import('../../worker/origins/index.ts');
/** A check, not a job: few tries, short waits. */
const TUNING = {
  connectTimeoutMs: 3_000,
  headersTimeoutMs: 5_000,
  bodyIdleTimeoutMs: 5_000,
  maxTries: 2,
  maxUnreachableTries: 2,
} as const;

export const origin: Check = {
  name: 'origin',
  timeoutMs: TIMEOUT_MS,
  isolated: true,
  run: async (subject) => {
    const url = subject.origin;
    if (url === undefined) {
      return [note('No origin was named.', 'Name one: `larder doctor s3://BUCKET/PREFIX`.')];
    }
    try {
      const settings = originSettings(subject);
      const parsed = parseOriginUrl(url);
      const place = parsed.kind === 's3' ? await s3Place(parsed.bucket, settings) : [];
      return [...place, ...(await listAndRead(url, settings))];
    } catch (error) {
      return [failed('The origin cannot be used', error)];
    }
  },
};

/** @throws {LarderError} `INVALID_ARGUMENT` */
export function originSettings({ endpoint }: Subject): DatasetSettings {
  return withSetting(DEFAULT_SETTINGS, 'endpoint', endpoint);
}

async function s3Place(bucket: string, settings: DatasetSettings): Promise<Observation[]> {
  const { findCredentials, inspectEndpoint } = await load();
  const found: Observation[] = [];
  try {
    const { kind, expiresAtMs } = await findCredentials(settings.credentials, systemClock);
    found.push(ok(`Credentials found here: ${kind}${lasting(expiresAtMs)}.`));
  } catch (error) {
    found.push(failed('No credentials are found here', error));
  }
  try {
    const { endpoint, region, tookMs } = await inspectEndpoint(bucket, settings, systemClock);
    found.push(ok(`${endpoint} (region ${region}) answers in ${String(tookMs)} ms.`));
  } catch (error) {
    found.push(failed('The endpoint cannot be reached', error));
  }
  return found;
}

function lasting(expiresAtMs: number | undefined): string {
  if (expiresAtMs === undefined) return '';
  return `, for ${String(Math.round((expiresAtMs - systemClock.wallMs()) / 60_000))} minutes more`;
}

async function listAndRead(url: string, settings: DatasetSettings): Promise<Observation[]> {
  const { openOrigin } = await load();
  await using opened = openOrigin({
    origin: url,
    settings,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    tuning: TUNING,
  });
  const listStartMs = systemClock.monotonicMs();
  let entries: readonly ListingEntry[];
  try {
    entries = await firstEntries(opened);
  } catch (error) {
    return [failed('It may not be listed', error)];
  }
  const listing = timed(`May be listed: the first ${String(entries.length)} keys`, listStartMs);
  const file = entries.find(({ kind, sizeBytes }) => kind === 'file' && sizeBytes > 0);
  if (file === undefined) {
    return [
      listing,
      note('Nothing with bytes is among them: reading was not tried.', 'Check the prefix.'),
    ];
  }
  const readStartMs = systemClock.monotonicMs();
  try {
    await readOneByte(opened, file);
    return [listing, timed(`May be read: one byte of ${file.key.toString()}`, readStartMs)];
  } catch (error) {
    return [listing, failed('It may be listed, but not read', error)];
  }
}

async function firstEntries(opened: Origin): Promise<readonly ListingEntry[]> {
  for await (const { entries } of opened.list(AbortSignal.timeout(TIMEOUT_MS))) {
    if (entries.length > 0) return entries;
  }
  return [];
}

async function readOneByte(opened: Origin, object: ListingEntry): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await opened.read({ object, offsetBytes: 0, lengthBytes: 1, signal }, () => undefined);
}

function timed(what: string, startMs: number): Observation {
  const tookMs = Math.round(systemClock.monotonicMs() - startMs);
  const shown = `${what} in ${String(tookMs)} ms.`;
  if (tookMs < SLOW_MS) return ok(shown);
  return warning(shown, 'Look at the network between here and the origin, and at its load.');
}

function failed(what: string, error: unknown): Observation {
  const { message, hint } = asLarderError(error);
  return problem(`${what}: ${message}`, hint);
}
