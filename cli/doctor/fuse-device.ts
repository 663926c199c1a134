/** /dev/fuse, and the right to mount. */
import fs from 'node:fs';
import { systemCode } from '../../common/index.ts';
import { note, ok, problem, warning } from './check.ts';
import type { Check, Observation } from './check.ts';
import { readText } from './read-text.ts';

const DEVICE = '/dev/fuse';
const CAP_SYS_ADMIN = 21n;
const WITHOUT = 'The SDK and `larder preload` work without.';

export const fuseDevice: Check = {
  name: 'fuse-device',
  timeoutMs: 3_000,
  run: () => {
    const device = openDevice();
    return device.level === 'ok' ? [device, rightToMount()] : [device];
  },
};

function openDevice(): Observation {
  try {
    if (!fs.statSync(DEVICE).isCharacterDevice()) {
      return problem(
        `${DEVICE} is not a device.`,
        'Remove it, then `mknod /dev/fuse c 10 229 && chmod 666 /dev/fuse`.',
      );
    }
    fs.closeSync(fs.openSync(DEVICE, 'r+'));
    return ok(`${DEVICE} can be opened.`);
  } catch (error) {
    return unusable(systemCode(error) ?? String(error));
  }
}

function unusable(code: string): Observation {
  switch (code) {
    case 'ENOENT':
      return problem(
        `There is no ${DEVICE}: nothing can be mounted here.`,
        `\`modprobe fuse\`; in a container pass the device (\`--device ${DEVICE} --cap-add SYS_ADMIN\`). ${WITHOUT}`,
      );
    case 'ENODEV':
    case 'ENXIO':
      return problem(
        `${DEVICE} is there, the kernel's part is not (${code}).`,
        `\`modprobe fuse\` as root on the host. ${WITHOUT}`,
      );
    case 'EACCES':
    case 'EPERM':
      return problem(
        `${DEVICE} may not be opened (${code}).`,
        `\`chmod 666 ${DEVICE}\` as root; in a container allow the device in its cgroup (\`--device ${DEVICE}\`). ${WITHOUT}`,
      );
    default:
      return problem(`${DEVICE} cannot be opened (${code}).`, `Look at \`dmesg\`. ${WITHOUT}`);
  }
}

function rightToMount(): Observation {
  const [, capabilities] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText('/proc/self/status')) ?? [];
  const maySysAdmin =
    capabilities !== undefined && (BigInt(`0x${capabilities}`) & (1n << CAP_SYS_ADMIN)) !== 0n;
  if (maySysAdmin) return ok('This process may mount (CAP_SYS_ADMIN).');
  if (process.geteuid?.() !== 0) {
    return note(
      'This user may not mount directly (no CAP_SYS_ADMIN).',
      'Mount as root, or through fusermount3 where this release offers it.',
    );
  }
  return warning(
    'Root here may not mount: CAP_SYS_ADMIN is missing.',
    `In a container, add it (\`--cap-add SYS_ADMIN\`). ${WITHOUT}`,
  );
}
