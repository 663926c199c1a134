/**
 * Replaces the processes of a mount by those of the installation that this program belongs to, while the
 * mount is in use. What holder and servers do about it stands in `fuse-client/handover.ts`; this asks for
 * it and waits.
 *
 * Always true: whatever happens to this process, the mount ends up with one installation or the other.
 */
import fs from 'node:fs';
import { isErrorCode, LarderError, systemClock } from '../common/index.ts';
import { FORMAT_VERSION, HANDOVER_VERSION, isMounted } from '../fuse-client/index.ts';
import { programCommand } from './children.ts';
import { completeSettings } from './config/resolve.ts';
import { writing } from './directories.ts';
import { isAlive, listInstances, ownIdentity, signalInstance } from './instances.ts';
import type { Instance, UpgradeRecord } from './instances.ts';
import type { MountProcessSpec } from './mount-process-spec.ts';
import { packageVersion } from './package-version.ts';
import { removeRequest, specFileOf, writeRequest } from './upgrade-requests.ts';
import type { UpgradeRequest } from './upgrade-requests.ts';

export interface UpgradedMount {
  readonly mountpoint: string;
  /** Releases of the server: before, and now. */
  readonly from: string;
  readonly to: string;
  readonly holder: number;
  readonly server: number;
}

type UpgradableHolder = Instance & { readonly upgrade: UpgradeRecord };

/** The holder says what went wrong; beyond this it does not say anything. */
const ANSWER_TIMEOUT_MS = 120_000;
/** After the holder that was asked has ended: its successor takes its record over. */
const SUCCESSOR_TIMEOUT_MS = 5_000;
const LOOK_EVERY_MS = 50;

/**
 * @throws {LarderError} `NOT_MOUNTED`; `UPGRADE_REFUSED`: nothing was touched; `UPGRADE_FAILED`: the mount
 *   goes on as before; `CANCELLED`: it goes on either way
 */
export async function upgradeMount(
  mountpoint: string,
  signal: AbortSignal,
): Promise<UpgradedMount> {
  const holder = upgradableHolder(mountpoint);
  const from = serverOf(mountpoint)?.version ?? holder.version ?? 'unknown';
  const { spec, request } = prepare(holder);
  writeRequest(spec.stateDirectory, request);
  try {
    writing(request.specFile, () => {
      fs.writeFileSync(request.specFile, JSON.stringify(spec), { mode: 0o600 });
    });
    signalInstance(holder, 'SIGUSR2');
    const now = await outcome(holder, request.id, signal);
    const server = serverOf(mountpoint);
    const to = server?.version ?? packageVersion();
    return { mountpoint, from, to, holder: now.pid, server: server?.pid ?? 0 };
  } finally {
    removeRequest(spec.stateDirectory);
  }
}

/** @throws {LarderError} `NOT_MOUNTED`, `UPGRADE_REFUSED` */
function upgradableHolder(mountpoint: string): UpgradableHolder {
  if (!isMounted(mountpoint)) throw new LarderError('NOT_MOUNTED', { mountpoint });
  const refused = (why: string, facts: LarderError['facts'] = {}) =>
    new LarderError('UPGRADE_REFUSED', { mountpoint, why, ...facts });
  const holder = holdersOf(mountpoint).find(({ trial }) => trial === undefined);
  if (holder === undefined) {
    throw refused('its holder is not known here: run as the user who mounted it');
  }
  if (holder.mount?.lacks.includes('holderRecovery') === true) {
    throw refused('its driver ends the mount with its processes', { driver: holder.mount.driver });
  }
  const { upgrade, version = 'unknown' } = holder;
  if (upgrade?.handover !== HANDOVER_VERSION) {
    throw refused('its release does not know this kind of upgrade', { release: version });
  }
  if (upgrade.stateFormat !== FORMAT_VERSION) {
    const formats = { format: upgrade.stateFormat, wanted: FORMAT_VERSION };
    throw refused('its state has a format of another release', { release: version, ...formats });
  }
  return { ...holder, upgrade };
}

/** The mount as it is, for the programs of this installation. */
function prepare({ upgrade }: UpgradableHolder): {
  spec: MountProcessSpec;
  request: UpgradeRequest;
} {
  const old = JSON.parse(fs.readFileSync(upgrade.specFile, 'utf8')) as MountProcessSpec;
  const { stateDirectory, configuration } = old;
  const from = ownIdentity();
  const id = `${String(from.pid)}-${from.startTicks}`;
  const specFile = specFileOf(stateDirectory, id);
  const spec: MountProcessSpec = {
    ...old,
    configuration: { ...configuration, resolved: completeSettings(configuration.resolved) },
    holderCommand: programCommand('internal-holder', specFile),
    serverCommand: programCommand('internal-server', specFile),
  };
  const holderCommand = programCommand('internal-holder', specFile, id);
  return { spec, request: { id, from, holderCommand, specFile } };
}

/** @returns the record of the holder that has the mount now */
async function outcome(
  { pid, startTicks, mountpoint = '' }: UpgradableHolder,
  id: string,
  signal: AbortSignal,
): Promise<Instance> {
  const deadlineMs = systemClock.monotonicMs() + ANSWER_TIMEOUT_MS;
  let goneMs: number | undefined;
  for (;;) {
    const nowMs = systemClock.monotonicMs();
    const holders = holdersOf(mountpoint);
    const answered = holders.find(({ upgrade }) => upgrade?.id === id);
    const error = answered?.upgrade?.error;
    if (error !== undefined) {
      const code = isErrorCode(error.code) ? error.code : 'UPGRADE_FAILED';
      throw new LarderError(code, { mountpoint, ...error.facts });
    }
    const isGone = !isAlive({ pid, startTicks });
    if (isGone && answered !== undefined) return answered;
    if (isGone && !holders.some(({ trial }) => trial === id)) {
      goneMs ??= nowMs;
      if (nowMs - goneMs > SUCCESSOR_TIMEOUT_MS) {
        const why = 'the holder of the mount ended meanwhile';
        throw new LarderError('UPGRADE_FAILED', { mountpoint, why });
      }
    }
    if (nowMs > deadlineMs) {
      throw new LarderError('UPGRADE_FAILED', { mountpoint, why: 'its holder does not answer' });
    }
    if (signal.aborted) throw new LarderError('CANCELLED', { mountpoint });
    await systemClock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}

function holdersOf(mountpoint: string): Instance[] {
  return listInstances().filter((it) => it.role === 'holder' && it.mountpoint === mountpoint);
}

/** Of several, such as that of an upgrade that is tried, the one that was started last. */
export function serverOf(mountpoint: string): Instance | undefined {
  return listInstances()
    .filter(({ role, mountpoint: at }) => role === 'server' && at === mountpoint)
    .sort((a, b) => Number(a.startTicks) - Number(b.startTicks))
    .at(-1);
}
