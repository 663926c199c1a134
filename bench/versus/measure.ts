/**
 * One round of one contender: mount with an empty cache, read the file cold; unmount and mount again
 * on the same disk cache, read it warm. The remount takes the mount's own page cache away, so that
 * the warm read goes through the file system under test and not around it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Disposals } from '../../common/index.ts';
import type { Contender, Place } from './contenders.ts';
import { commandLine, keep, run, throwIfInterrupted, waitUntil } from '../processes.ts';

/** Bytes per second. */
export interface Speeds {
  readonly cold: number;
  readonly warm: number;
}

const STOP_MS = 30_000;

export async function measureRound(contender: Contender, place: Place): Promise<Speeds> {
  await using _ = await emptyPlace(place);
  const cold = await mounted(contender, place, readFileOf);
  const warm = await mounted(contender, place, readFileOf);
  return { cold, warm };
}

/** Reads the file once more through the mount, untimed, and compares every byte. */
export async function verify(contender: Contender, place: Place): Promise<void> {
  await using _ = await emptyPlace(place);
  const digests = [
    await mounted(contender, place, digestOf),
    await mounted(contender, place, digestOf),
  ];
  if (digests.some((digest) => digest !== place.origin.digest)) {
    throw new Error(`${contender.name} returned other bytes than the origin has`);
  }
}

/** Sequential read in pieces of 1 MiB, as dd times it. @returns bytes per second */
export async function ddRead(path: string): Promise<number> {
  const env = { ...process.env, LC_ALL: 'C' };
  const output = await run({
    program: 'dd',
    args: [`if=${path}`, 'of=/dev/null', 'bs=1M'],
    env,
  });
  const match = /^(\d+) bytes .*copied, ([\d.e-]+) s/m.exec(output);
  if (match === null) throw new Error(`dd printed something else:\n${output}`);
  return Number(match[1]) / Number(match[2]);
}

async function readFileOf(place: Place): Promise<number> {
  return ddRead(join(place.mountPoint, place.origin.fileName));
}

async function digestOf(place: Place): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(place.mountPoint, place.origin.fileName)), hash);
  return hash.digest('hex');
}

/** Nobody pays for what another has left to be written. */
async function emptyPlace(place: Place): Promise<AsyncDisposable> {
  await run({ program: 'sync', args: [] });
  await Promise.all([mkdir(place.mountPoint), mkdir(place.cacheDirectory)]);
  return {
    [Symbol.asyncDispose]: async () => {
      await rm(place.cacheDirectory, { recursive: true });
      await rmdir(place.mountPoint);
    },
  };
}

async function mounted<T>(
  contender: Contender,
  place: Place,
  use: (place: Place) => Promise<T>,
): Promise<T> {
  throwIfInterrupted();
  const command = contender.mount(place);
  await using stack = new Disposals();
  if (contender.unmount === 'foreground') {
    const server = stack.use(keep(command));
    stack.defer(async () => {
      await unmount(place.mountPoint);
      await server.ended(STOP_MS);
    });
    await waitUntil(commandLine(command), async () => {
      const output = server.endedWith();
      if (output !== undefined) throw new Error(`${commandLine(command)} ended:\n${output}`);
      return isMounted(place.mountPoint);
    });
  } else {
    const down = contender.unmount(place);
    stack.defer(() => unmount(place.mountPoint));
    stack.defer(async () => {
      await run(down, STOP_MS);
    });
    await run(command);
  }
  return await use(place);
}

async function unmount(mountPoint: string): Promise<void> {
  if (!(await isMounted(mountPoint))) return;
  await waitUntil(`unmounting ${mountPoint}`, async () => {
    await run({ program: 'fusermount3', args: ['-u', mountPoint] }).catch(() => undefined);
    return !(await isMounted(mountPoint));
  });
}

async function isMounted(mountPoint: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').some((line) => line.split(' ')[1] === mountPoint);
}
