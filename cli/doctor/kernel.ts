/** The kernel's version, and what of FUSE comes with it. */
import fs from 'node:fs';
import os from 'node:os';
import { gunzipSync } from 'node:zlib';
import { note, ok, problem, warning } from './check.ts';
import type { Check, Observation } from './check.ts';
import { readText } from './read-text.ts';

/** FUSE_NOTIFY_RESEND and FUSE_PASSTHROUGH. */
const RESEND = [6, 9] as const;
const CAP_SYS_ADMIN = 1n << 21n;
/** FUSE 7.28: the oldest that a mount speaks. */
const OLDEST = [4, 20] as const;

export const kernel: Check = {
  name: 'kernel',
  timeoutMs: 3_000,
  run: () => {
    if (process.platform !== 'linux') {
      return [problem(`This is ${process.platform}.`, 'Mounts and workers need Linux.')];
    }
    const release = os.release();
    const found = passthrough(release, kernelConfig(release));
    const forbidden =
      found.level === 'ok'
        ? passthroughPrivilege(readText('/proc/self/status'), readText('/proc/self/uid_map'))
        : [];
    return [kernelRelease(release), found, ...forbidden];
  },
};

export function kernelRelease(release: string): Observation {
  if (isAtLeast(release, RESEND)) {
    return ok(`Linux ${release}: hands a killed server's requests to its successor.`);
  }
  if (isAtLeast(release, OLDEST)) {
    return note(
      `Linux ${release}: below 6.9, a killed server's requests are answered from memory that survives it.`,
    );
  }
  return warning(
    `Linux ${release}: mounts need the FUSE of 4.20 (7.28), unless the distribution brought it to this kernel.`,
    'Use a kernel from 4.20 on; from 6.9 on is best. Without mounts the SDK works.',
  );
}

/** @param config of the kernel; empty where it is not known */
export function passthrough(release: string, config: string): Observation {
  if (!isAtLeast(release, RESEND)) {
    return note('No FUSE passthrough: it comes with Linux 6.9. Reads go through the FUSE server.');
  }
  if (config === '') return note('Whether the kernel has FUSE passthrough cannot be seen here.');
  if (/^CONFIG_FUSE_PASSTHROUGH=y$/m.test(config)) return ok('The kernel has FUSE passthrough.');
  return note(
    'The kernel was built without FUSE passthrough. Reads go through the FUSE server.',
    'A kernel with CONFIG_FUSE_PASSTHROUGH=y lets it read complete files itself.',
  );
}

/**
 * Whether mounts of this process may use passthrough.
 *
 * @param status of the process, as in /proc
 * @param uidMap of its user namespace: outside of all others it is the identity
 */
export function passthroughPrivilege(status: string, uidMap: string): Observation[] {
  const [, mask = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  const isAdmin = (BigInt(`0x${mask}`) & CAP_SYS_ADMIN) !== 0n;
  if (isAdmin && /^\s*0\s+0\s+4294967295\s*$/.test(uidMap)) return [];
  return [
    note(
      'Mounts of this process have no passthrough: it needs CAP_SYS_ADMIN outside of user namespaces.',
      'Mount as root of the machine (in a container: `--cap-add SYS_ADMIN`), or leave it: reads go through the FUSE server.',
    ),
  ];
}

function kernelConfig(release: string): string {
  try {
    return gunzipSync(fs.readFileSync('/proc/config.gz')).toString('latin1');
  } catch {
    return readText(`/boot/config-${release}`);
  }
}

function isAtLeast(release: string, [major, minor]: readonly [number, number]): boolean {
  const [, haveMajor = '0', haveMinor = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(haveMajor) > major || (Number(haveMajor) === major && Number(haveMinor) >= minor);
}
