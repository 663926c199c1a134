/**
 * `find` over all entries of a fresh mount and once more, `ls -f | head` in a directory that has all of
 * them, and what the mount's server holds after it.
 */
import { run } from '../processes.ts';
import { memoryOf } from '../process-use.ts';
import { atLeast, atMost, atMostMib, mebibytes, told, whole } from './rows.ts';
import type { Row } from './rows.ts';
import type { Setting } from './setting.ts';

const MIN_FIRST = 100_000;
const MIN_AGAIN = 500_000;
const MAX_LS_SECONDS = 0.5;
const MAX_SERVER_MIB = 300;
const WALK_MS = 600_000;

export async function measureWalks({ cluster, keys }: Setting): Promise<Row[]> {
  // First, so that nothing of it was read before.
  const flat = await cluster.mounted('flat', async (mountPoint, pid) => {
    const ls = await shell('ls -f "$1" | head', mountPoint);
    const rows = [
      atMost('ls -f | head, all in one directory, cold', MAX_LS_SECONDS, ls.seconds, 's'),
    ];
    return [...rows, ...(await walk('one directory', mountPoint, pid, keys))];
  });
  const wide = await cluster.mounted('wide1@v1', (mountPoint, pid) =>
    walk('1,000 per directory', mountPoint, pid, keys),
  );
  return [...flat, ...wide];
}

async function walk(
  layout: string,
  mountPoint: string,
  pid: number,
  files: number,
): Promise<Row[]> {
  const first = await find(mountPoint, files);
  const server = memoryOf(pid);
  const again = await find(mountPoint, files);
  return [
    atLeast(`find, ${layout}, first time`, MIN_FIRST, files / first, 'entries/s'),
    atLeast(`find, ${layout}, again`, MIN_AGAIN, files / again, 'entries/s'),
    atMostMib('  server, RSS after it', MAX_SERVER_MIB, server.rssBytes),
    told('  of that its own', mebibytes(server.anonBytes)),
  ];
}

/** @returns seconds */
async function find(mountPoint: string, files: number): Promise<number> {
  const { seconds, output } = await shell('find "$1" -type f | wc -l', mountPoint);
  if (Number(output) !== files) {
    throw new Error(`find shows ${output.trim()} files instead of ${whole(files)}`);
  }
  return seconds;
}

async function shell(
  script: string,
  argument: string,
): Promise<{ seconds: number; output: string }> {
  const since = performance.now();
  const output = await run({ program: 'sh', args: ['-c', script, 'sh', argument] }, WALK_MS);
  return { output, seconds: (performance.now() - since) / 1_000 };
}
