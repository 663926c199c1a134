/**
 * Reads of real jobs instead of simulated ones: JSON lines of `{"t": seconds, "node": …, "job": …, "block": …}`, where
 * node, job and block are numbers or names. Lines are in the order of time; empty ones are skipped.
 *
 * Nothing is known in advance of a trace, and it has no epochs: deciles are those of its reads.
 */
import fs from 'node:fs';
import readline from 'node:readline';
import { LookAhead } from '../../worker/admission/index.ts';
import { Cluster } from './cluster.ts';
import type { PlacementName } from './cluster.ts';
import { Objects } from './objects.ts';
import type { PolicySpec } from './policies/index.ts';
import { Result } from './result.ts';

export interface Trace {
  readonly nodes: number;
  readonly jobs: number;
  readonly blocks: readonly string[];
  /** Of each read its node and its block, by number. */
  readonly readNode: readonly number[];
  readonly readBlock: readonly number[];
}

export interface TraceOptions {
  readonly trace: Trace;
  readonly blockBytes: number;
  readonly nodeBytes: number;
  readonly placement: PlacementName;
  readonly replicas: number;
  readonly policy: PolicySpec;
}

/** @throws {Error} naming file and line */
export async function readTrace(file: string): Promise<Trace> {
  const [nodes, jobs, blocks] = [new Numbers(), new Numbers(), new Numbers()];
  const readNode: number[] = [];
  const readBlock: number[] = [];
  let line = 0;
  let latest = -Infinity;
  const input = fs.createReadStream(file);
  for await (const text of readline.createInterface({ input, crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === '') continue;
    const read = parseLine(text, `${file}:${String(line)}`);
    if (read.t < latest)
      throw new Error(`${file}:${String(line)}: t goes back; sort the lines by it`);
    latest = read.t;
    jobs.of(read.job);
    readNode.push(nodes.of(read.node));
    readBlock.push(blocks.of(read.block));
  }
  if (readNode.length === 0) throw new Error(`${file}: there is no read in it`);
  return { nodes: nodes.size, jobs: jobs.size, blocks: blocks.names, readNode, readBlock };
}

export function replay(options: TraceOptions): Result {
  const { trace, blockBytes } = options;
  const sizes = new Float64Array(trace.blocks.length).fill(blockBytes);
  const objects = new Objects(sizes, (block) => trace.blocks[block] ?? '');
  const lookAhead = new LookAhead();
  const cluster = new Cluster({ ...options, objects, ...trace, lookAhead });
  const result = new Result(1);
  for (const [at, block] of trace.readBlock.entries()) {
    const source = cluster.read(trace.readNode[at] ?? 0, block);
    result.count(source, blockBytes, at / trace.readBlock.length);
  }
  return result;
}

type Name = string | number;

interface Read {
  readonly t: number;
  readonly node: Name;
  readonly job: Name;
  readonly block: Name;
}

function parseLine(text: string, where: string): Read {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${where}: not JSON`, { cause });
  }
  const read: Partial<Record<keyof Read, unknown>> =
    typeof value === 'object' && value !== null ? value : {};
  const { t, node, job, block } = read;
  if (typeof t !== 'number') throw new Error(`${where}: "t" has to be a number`);
  return {
    t,
    node: nameOf(node, `${where}: "node"`),
    job: nameOf(job, `${where}: "job"`),
    block: nameOf(block, `${where}: "block"`),
  };
}

function nameOf(value: unknown, what: string): Name {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new Error(`${what} has to be a number or a name`);
}

/** Gives names numbers from 0 in the order in which they come. */
class Numbers {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.names.length;
  }

  of(name: Name): number {
    const text = String(name);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.names.length);
    this.names.push(text);
    return this.names.length - 1;
  }
}
