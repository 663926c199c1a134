/** The FUSE server: mounts a version of a dataset, and keeps it mounted. */
export { DRIVERS, lacks } from './driver.ts';
export type { DriverCapabilities, DriverName, FuseDriver } from './driver.ts';
export type { HoldOptions, MountEnd, MountEvent } from './holder.ts';
export {
  checkMountpoint,
  findHolders,
  findMount,
  isMounted,
  listMounts,
  readMountTable,
  unmount,
} from './mount.ts';
export type { MountEntry, MountTableRow, MountUser, UnmountOptions } from './mount.ts';
export { checkFuse } from './mount-device.ts';
export type { Integrity, ModeDecision, OpenCounts, OpenModeChoice } from './open-modes.ts';
export type { ServeOptions } from './server.ts';
export type { MountSpec, MountTimings, Recovery, WhenBusy } from './spec.ts';
