/** A mount whose command runs as long as it is mounted: started, waited for, and ended by unmounting. */
import { mkdir, readFile } from 'node:fs/promises';
import { Disposals } from '../../../common/index.ts';
import { commandLine, keep, run, waitUntil } from '../../processes.ts';
import type { Command } from '../../processes.ts';

const STOP_MS = 30_000;

export async function mountForeground(
  command: Command,
  mountPoint: string,
): Promise<AsyncDisposable> {
  await mkdir(mountPoint, { recursive: true });
  await using stack = new Disposals();
  const server = stack.use(keep(command));
  stack.defer(async () => {
    await unmount(mountPoint);
    await server.ended(STOP_MS);
  });
  await waitUntil(commandLine(command), async () => {
    const output = server.endedWith();
    if (output !== undefined) throw new Error(`${commandLine(command)} ended:\n${output}`);
    return isMounted(mountPoint);
  });
  return stack.move();
}

async function unmount(mountPoint: string): Promise<void> {
  await waitUntil(`unmounting ${mountPoint}`, async () => {
    if (!(await isMounted(mountPoint))) return true;
    await run({ program: 'fusermount3', args: ['-u', mountPoint] }).catch(() => undefined);
    return !(await isMounted(mountPoint));
  });
}

async function isMounted(mountPoint: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').some((line) => line.split(' ')[1] === mountPoint);
}
