/** The record of a holder: what it says of its mount goes there, where `status` and `upgrade` find it. */
import type { Logger } from '../common/index.ts';
import { DRIVERS, lacks } from '../fuse-client/index.ts';
import type { MountEvent } from '../fuse-client/index.ts';
import { reportReady } from './children.ts';
import { registerInstance } from './instances.ts';
import type { InstanceDetails, MountRecord, UpgradeRecord } from './instances.ts';
import { conditionRecord } from './mount-condition.ts';
import type { MountProcessSpec } from './mount-process-spec.ts';
import { removeOtherSpecs, upgradeRecord } from './upgrade-requests.ts';

export interface HolderRecord {
  readonly instance: { update(changes: Partial<InstanceDetails>): void; remove(): void };
  readonly upgrade: UpgradeRecord;
  /** Writes down, and to the log, what happens. */
  readonly report: (event: MountEvent) => void;
}

export interface HolderRecordOptions {
  readonly specFile: string;
  /** Of the upgrade that has started this holder: the mount is not its own yet. */
  readonly upgradeId: string | undefined;
  readonly log: Logger;
}

/** @throws {LarderError} `RUNTIME_DIR_UNUSABLE` */
export function recordHolder(
  { mountpoint, dataset, version, master, group, how }: MountProcessSpec,
  { specFile, upgradeId, log }: HolderRecordOptions,
): HolderRecord {
  const driver = DRIVERS[how.driver];
  let mount: MountRecord = {
    mountpoint,
    dataset,
    version,
    driver: driver.name,
    lacks: lacks(driver),
    manifestPercent: 0,
    integrity: how.integrity,
    opens: {},
  };
  const upgrade = upgradeRecord(specFile, upgradeId);
  const instance = registerInstance({
    ...{ role: 'holder', group, mountpoint, master },
    ...(upgradeId === undefined ? { mount, upgrade } : { trial: upgradeId }),
  });
  const show = (changes: Partial<MountRecord>) => {
    mount = { ...mount, ...changes };
    instance.update({ mount });
  };
  const report = (event: MountEvent) => {
    switch (event.kind) {
      case 'serving':
        reportReady({ mountpoint });
        return;
      case 'manifest':
        show({ manifestPercent: event.percent });
        return;
      case 'opens':
        show({ openMode: event.decision, opens: event.counts });
        return;
      case 'condition':
        if (event.condition.state === 'failing') log.error(event, 'no server lasts: reads fail');
        show(conditionRecord(event.condition));
        return;
      case 'server-lost':
      case 'busy':
        log.warn(event, event.kind);
        return;
      case 'took-over':
        if (upgradeId !== undefined) {
          instance.update({ mount, upgrade, trial: undefined });
          removeOtherSpecs(specFile);
        }
        log.debug(event, event.kind);
        return;
      default:
        log.debug(event, event.kind);
    }
  };
  return { instance, upgrade, report };
}
