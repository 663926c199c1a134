/** The machine that was measured on, as far as it tells itself. */
import { cpus, loadavg, release, totalmem } from 'node:os';
import { formatBytes } from '../../common/index.ts';
import { run } from '../processes.ts';

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memory: string;
  /** Of the minute before the run: over 1 somebody else was at work. */
  readonly loadAverage: number;
  readonly kernel: string;
  readonly node: string;
  /** Of the directory that holds origin, caches and native files. */
  readonly fileSystem: string;
  /** Name and version of each program that takes part. */
  readonly programs: readonly string[];
}

const VERSIONS = [
  ['fio', '--version'],
  ['rclone', 'version'],
  ['s3fs', '--version'],
  ['versitygw', '--version'],
] as const;

export async function describeMachine(scratch: string): Promise<Machine> {
  const processors = cpus();
  const type = await run({ program: 'stat', args: ['-f', '-c', '%T', scratch] });
  const programs: string[] = [];
  for (const [program, argument] of VERSIONS) {
    const [line] = await versionLines(program, argument);
    if (line !== undefined) programs.push(line);
  }
  return {
    cores: processors.length,
    processor: processors[0]?.model ?? 'unknown',
    memory: formatBytes(totalmem()),
    loadAverage: loadavg()[0] ?? 0,
    kernel: release(),
    node: process.version,
    fileSystem: type.trim(),
    programs,
  };
}

async function versionLines(program: string, argument: string): Promise<string[]> {
  const output = await run({ program, args: [argument] }).catch(() => '');
  return output.split('\n').filter((line) => /\d+\.\d+/.test(line));
}
