/**
 * The mounts of Larder on this machine: which answer, which are stale, which lie on others.
 *
 * Always true: a mount point is touched only by a child process; and only a mount that nobody serves
 * any more is detached, and only where nothing else lies on top of it.
 */
import { LarderError } from '../../common/index.ts';
import { listMounts, readMountTable, unmount } from '../../fuse-client/index.ts';
import type { MountEntry } from '../../fuse-client/index.ts';
import { describeCondition, shownCondition } from '../mount-condition.ts';
import { note, ok, problem, shellWord, warning } from './check.ts';
import type { Check, Observation, Subject } from './check.ts';
import { HUNG, touch } from './isolated.ts';

const TOUCH_TIMEOUT_MS = 5_000;
/** Stale mounts that lie on each other: far more than anybody has seen. */
const MAX_DEPTH = 16;

export const mounts: Check = {
  name: 'mounts',
  timeoutMs: 40_000,
  run: async (subject) => {
    const points = [...new Set(listMounts().map(({ mountpoint }) => mountpoint))];
    if (points.length === 0) return [ok('Nothing of Larder is mounted here.')];
    const found = await Promise.all(points.map((point) => examine(point, subject)));
    return found.flat();
  },
};

async function examine(mountpoint: string, subject: Subject): Promise<Observation[]> {
  const found: Observation[] = [];
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const stack = readMountTable().filter((row) => row.mountpoint === mountpoint);
    const top = stack.at(-1);
    const larder = listMounts().findLast((row) => row.mountpoint === mountpoint);
    if (top === undefined || larder === undefined) return found;
    if (top.device !== larder.device) {
      found.push(covered(larder, top.source));
      return found;
    }
    const { code, tookMs } = await touch(mountpoint, TOUCH_TIMEOUT_MS);
    const live = processesOf(mountpoint, subject);
    if (code === 'ENOTCONN' && live === '' && subject.fix) {
      found.push(detach(larder));
      continue;
    }
    found.push(judge(larder, { code, live, tookMs }));
    found.push(...troubled(larder, subject));
    if (stack.length > 1) found.push(stacked(larder, stack.length));
    return found;
  }
  return found;
}

function judge(
  { mountpoint, source }: MountEntry,
  { code, live, tookMs }: { code: string; live: string; tookMs: number },
): Observation {
  const who = live === '' ? 'no process of it is known here' : live;
  switch (code) {
    case '':
      return ok(`${mountpoint} (${source}) answers in ${String(tookMs)} ms.`);
    case 'ENOTCONN':
      return live === ''
        ? problem(
            `${mountpoint} (${source}) is stale: its holder and its server are gone.`,
            `\`larder doctor --fix\` or \`umount -l ${shellWord(mountpoint)}\` detaches it; then mount again.`,
          )
        : problem(
            `${mountpoint} (${source}) was aborted by the kernel; ${who}.`,
            `\`larder umount ${shellWord(mountpoint)}\`, then mount again; look at request-timeouts above.`,
          );
    case HUNG:
      return problem(
        `${mountpoint} (${source}) does not answer within ${String(TOUCH_TIMEOUT_MS / 1_000)} s; ${who}.`,
        `A hung server is replaced after LARDER_HUNG_AFTER_MS: look again. If it stays so, \`umount -f -l ${shellWord(mountpoint)}\`.`,
      );
    case 'EACCES':
    case 'EPERM':
      return note(`${mountpoint} (${source}) is another user's: it cannot be looked at.`);
    default:
      return problem(
        `${mountpoint} (${source}) answers with ${code}; ${who}.`,
        'See its log: `larder doctor --bundle FILE` collects it.',
      );
  }
}

/** Its servers do not last, as its holder says. */
function troubled({ mountpoint }: MountEntry, { records }: Subject): Observation[] {
  return records.flatMap(({ alive, instance: { mount } }) => {
    if (!alive || mount?.mountpoint !== mountpoint) return [];
    const what = describeCondition(shownCondition(mount.condition));
    if (what === undefined) return [];
    const remedy = 'See its log; repair the installation, or `larder upgrade` it with another one.';
    return [problem(`${mountpoint}: ${what}.`, remedy)];
  });
}

function detach(entry: MountEntry): Observation {
  const { mountpoint, source } = entry;
  try {
    unmount(mountpoint, { lazy: true });
    return note(`${mountpoint} (${source}) was stale, and was detached.`, 'Mount it again.');
  } catch (error) {
    if (!(error instanceof LarderError)) throw error;
    return problem(
      `${mountpoint} (${source}) is stale and cannot be detached: ${error.message}`,
      `\`umount -l ${shellWord(mountpoint)}\` as root.`,
    );
  }
}

function covered({ mountpoint, source }: MountEntry, by: string): Observation {
  return warning(
    `${mountpoint}: ${by} is mounted over ${source}, which cannot be seen.`,
    `Unmount what is on top, or mount Larder elsewhere.`,
  );
}

function stacked({ mountpoint, source }: MountEntry, count: number): Observation {
  return warning(
    `${mountpoint}: ${String(count)} mounts lie on each other; only ${source} can be seen.`,
    `\`umount ${shellWord(mountpoint)}\` takes the uppermost away; repeat until one is left.`,
  );
}

/** The holder and the server of a mount that live, for people. */
function processesOf(mountpoint: string, { records }: Subject): string {
  return records
    .filter(({ alive, instance }) => alive && instance.mountpoint === mountpoint)
    .map(({ instance }) => `${instance.role} ${String(instance.pid)} lives`)
    .join(', ');
}
