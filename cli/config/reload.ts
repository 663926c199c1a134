/**
 * Reading the configuration again in a process that runs, at SIGHUP.
 *
 * Always true:
 *   - a file that is not valid changes nothing, and the log says with its line what is wrong;
 *   - of what has changed, a setting that is `live` is taken, and one that is not is named in the log
 *     as one that needs a restart;
 *   - the outcome stands in the process's record, where `larder config reload` finds it.
 */
import { isDeepStrictEqual } from 'node:util';
import { asLarderError, SETTING_NAMES, SETTINGS } from '../../common/index.ts';
import type {
  Logger,
  SettingName,
  SettingSpec,
  SettingUser,
  SettingValues,
} from '../../common/index.ts';
import { usedSettings, useSettings } from '../environment.ts';
import type { InstanceDetails, ReloadRecord } from '../instances.ts';
import { readSettings } from './load.ts';

export interface ReloadTarget {
  readonly user: SettingUser;
  readonly log: Logger;
  readonly instance: { update(changes: Partial<InstanceDetails>): void };
  /** Takes the new values of the live settings; called only where one of this process's has changed. */
  readonly apply: (values: SettingValues) => Promise<void> | void;
}

export interface Reloading {
  /** From now on a SIGHUP is answered; one that came before is answered at once. */
  ready(target: ReloadTarget): void;
}

/** Takes SIGHUP, which would end the process. */
export function reloadOnHangup(): Reloading {
  let target: ReloadTarget | undefined;
  let pending = 0;
  let number = 0;
  let turn: Promise<void> = Promise.resolve();
  const answer = (): void => {
    if (target === undefined) {
      pending += 1;
      return;
    }
    const { instance } = target;
    const once = target;
    turn = turn.then(async () => {
      number += 1;
      instance.update({ reload: { number, ...(await reloadSettings(once)) } });
    });
  };
  process.on('SIGHUP', answer);
  return {
    ready: (given) => {
      target = given;
      given.instance.update({ reload: NEVER });
      if (pending > 0) answer();
    },
  };
}

const NEVER: ReloadRecord = { number: 0, changed: [], restart: [] };

async function reloadSettings(target: ReloadTarget): Promise<Omit<ReloadRecord, 'number'>> {
  const { log } = target;
  const { invocation, resolved } = usedSettings();
  try {
    const next = await readSettings(invocation);
    const different = SETTING_NAMES.filter(
      (name) =>
        isUsedBy(name, target.user) && !isDeepStrictEqual(next.values[name], resolved.values[name]),
    );
    const changed = different.filter((name) => SETTINGS[name].live);
    const restart = different.filter((name) => !SETTINGS[name].live);
    // What needs a restart stays as it is: it is named again at the next time.
    const kept = Object.fromEntries(restart.map((name) => [name, resolved.values[name]]));
    const values = { ...next.values, ...kept };
    useSettings({ invocation, resolved: { ...next, values } });
    log.level = values.logLevel;
    if (changed.length > 0) await target.apply(values);
    log.info({ changed }, 'the configuration was read again');
    for (const setting of restart) log.warn({ setting }, 'a changed setting needs a restart');
    return { changed, restart };
  } catch (error) {
    const { message } = asLarderError(error);
    log.error({ problem: message }, 'the configuration stays as it was');
    return { changed: [], restart: [], problem: message };
  }
}

function isUsedBy(name: SettingName, user: SettingUser): boolean {
  const { usedBy }: SettingSpec = SETTINGS[name];
  return usedBy.includes(user);
}
