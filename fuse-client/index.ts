/** The FUSE server: mounts a version of a dataset, and keeps it mounted. */
export { kernelDriver } from './driver.ts';
export type { DriverCapabilities, FuseDriver } from './driver.ts';
export { holdMount } from './holder.ts';
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
export { serveMount } from './server.ts';
export type { ServeOptions } from './server.ts';
export type { OpenMode } from './session.ts';
export type { MountSpec, MountTimings, Recovery, WhenBusy } from './spec.ts';
