/** Other processes, as /proc shows them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { systemCode } from '../common/index.ts';

/**
 * When a process was started, in clock ticks; undefined where it is gone. A process whose main
 * thread is dead counts as gone although threads of it may still wait in the kernel: they run no
 * more of its code.
 */
export function startTimeOf(pid: number): number | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return Number(fields[19]);
}

/**
 * Whether no thread of a process is left that could still return from the kernel with something, such
 * as a request that it was handed after it was sent SIGKILL.
 */
export function hasNoThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${String(pid)}/task`).every((thread) => {
      const fields = statFields(`${String(pid)}/task/${thread}`);
      return fields === undefined || fields[0] === 'Z' || fields[0] === 'X';
    });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return true;
  }
}

/**
 * Whether a signal is about to end this thread. The kernel interrupts a request for any signal, and
 * a read from a local disk would go on unless the signal is deadly.
 */
export function isDying(threadId: number): boolean {
  if (threadId === 0) return false;
  let status: string;
  try {
    status = readFileSync(`/proc/${String(threadId)}/status`, 'utf8');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return true;
  }
  const mask = (field: string): bigint =>
    BigInt(`0x${new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  const pending = mask('SigPnd') | mask('ShdPnd');
  const survived = mask('SigCgt') | mask('SigIgn') | mask('SigBlk') | HARMLESS;
  return (pending & KILL) !== 0n || (pending & ~survived) !== 0n;
}

function bit(signal: number): bigint {
  return 1n << BigInt(signal - 1);
}
const KILL = bit(9);
/** CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH: their default is not to end the process. */
const HARMLESS = [17, 18, 19, 20, 21, 22, 23, 28].map(bit).reduce((all, one) => all | one);

/** Fields of /proc/PID/stat from the third on (the state). */
function statFields(process: number | string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${String(process)}/stat`, 'utf8');
    // The command, in brackets, may hold anything.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** How gladly the kernel kills this process when memory is short: −1000 never, 0 as any other. */
export function setOomScore(score: number): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', String(score));
  } catch {
    // Lowering needs a privilege that a mount can do without.
  }
}

export function readOomScore(): number {
  try {
    return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  } catch {
    return 0;
  }
}

/** @returns false where it is gone */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
    return false;
  }
}
