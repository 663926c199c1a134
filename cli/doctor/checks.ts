/** All checks, in the order in which their findings are shown. */
import type { Check } from './check.ts';
import { cacheDirectory } from './cache-directory.ts';
import { clock } from './clock.ts';
import { fuseDevice } from './fuse-device.ts';
import { fusermount } from './fusermount.ts';
import { kernel } from './kernel.ts';
import { limits } from './limits.ts';
import { master } from './master.ts';
import { memory } from './memory.ts';
import { mounts } from './mounts.ts';
import { origin } from './origin.ts';
import { processes } from './processes.ts';
import { requestTimeouts } from './request-timeouts.ts';
import { variables } from './variables.ts';
import { versions } from './versions.ts';
import { worker } from './worker.ts';

export const CHECKS: readonly Check[] = [
  fuseDevice,
  kernel,
  requestTimeouts,
  fusermount,
  limits,
  memory,
  cacheDirectory,
  mounts,
  processes,
  master,
  worker,
  versions,
  clock,
  origin,
  variables,
];
