/**
 * Reads one large file with fio, which costs next to nothing itself; where it is not installed,
 * sequential reads go through dd, and the rest is not available.
 *
 * Several readers are processes with a part of the file each, so that none reads what another has
 * brought into the page cache. fio neither drops pages nor gives the kernel hints.
 */
import { isInstalled, run } from '../../processes.ts';
import { NotAvailable } from '../scene.ts';

export interface BigRead {
  readonly pattern: 'read' | 'randread';
  readonly engine: 'psync' | 'mmap';
  readonly blockBytes: number;
  readonly readers: number;
  /** Passes in one sample: more than one only where a pass leaves nothing behind that the next finds. */
  readonly passes?: number;
}

export interface Speed {
  readonly bytesPerSecond: number;
  readonly readsPerSecond: number;
}

/** A random pass over a slow mount ends here. */
const MAX_SECONDS = 1;
const TIMEOUT_MS = 300_000;

export async function readBig(path: string, sizeBytes: number, read: BigRead): Promise<Speed> {
  if (await isInstalled('fio')) return readWithFio(path, sizeBytes, read);
  if (read.pattern === 'randread' || read.engine === 'mmap') {
    throw new NotAvailable('fio is not installed');
  }
  return readWithDd(path, sizeBytes, read);
}

async function readWithFio(path: string, sizeBytes: number, read: BigRead): Promise<Speed> {
  const { pattern, engine, blockBytes, readers, passes = 1 } = read;
  const partBytes = partOf(sizeBytes, read);
  const limit = pattern === 'randread' ? [`--runtime=${MAX_SECONDS}`] : [];
  const output = await run(
    {
      program: 'fio',
      args: [
        ...['--name=bench', `--filename=${path}`, '--readonly', '--allow_file_create=0'],
        ...[`--rw=${pattern}`, `--ioengine=${engine}`, `--bs=${blockBytes}`],
        ...[`--numjobs=${readers}`, `--size=${partBytes}`, `--offset_increment=${partBytes}`],
        ...[`--loops=${passes}`, ...limit, '--invalidate=0', '--fadvise_hint=0'],
        ...['--group_reporting', '--output-format=json'],
      ],
    },
    TIMEOUT_MS,
  );
  const { jobs } = JSON.parse(output.slice(output.indexOf('{'))) as {
    jobs: { read: { bw_bytes: number; iops: number } }[];
  };
  const job = jobs[0];
  if (job === undefined) throw new Error(`fio printed something else:\n${output}`);
  return { bytesPerSecond: job.read.bw_bytes, readsPerSecond: job.read.iops };
}

async function readWithDd(path: string, sizeBytes: number, read: BigRead): Promise<Speed> {
  const count = partOf(sizeBytes, read) / read.blockBytes;
  const env = { ...process.env, LC_ALL: 'C' };
  const parts = Array.from({ length: read.readers }, async (_, part) => {
    const where = [`bs=${read.blockBytes}`, `skip=${part * count}`, `count=${count}`];
    const output = await run({
      program: 'dd',
      args: [`if=${path}`, 'of=/dev/null', ...where],
      env,
    });
    const match = /^(\d+) bytes .*copied, ([\d.e-]+) s/m.exec(output);
    if (match === null) throw new Error(`dd printed something else:\n${output}`);
    return { bytes: Number(match[1]), seconds: Number(match[2]) };
  });
  const done = await Promise.all(parts);
  const bytes = done.reduce((sum, part) => sum + part.bytes, 0);
  const bytesPerSecond = bytes / Math.max(...done.map(({ seconds }) => seconds));
  return { bytesPerSecond, readsPerSecond: bytesPerSecond / read.blockBytes };
}

/** In whole blocks. */
function partOf(sizeBytes: number, { readers, blockBytes }: BigRead): number {
  return Math.floor(sizeBytes / readers / blockBytes) * blockBytes;
}
