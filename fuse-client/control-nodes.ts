/**
 * The nodes of the directory `.larder` at the root of a mount, which is no part of the version: `plan` to write,
 * `status.json` to read. It is found by its name and listed nowhere.
 *
 * Their requests are left to the event loop (`ControlFiles`). Entries of a version never have these numbers.
 */
import { OPCODE, ROOT_NODE } from './abi.ts';
import type { RequestView } from './decode.ts';
import type { NodeAttributes } from './operations.ts';
import { emptyAttributes } from '../common/index.ts';

/** An ordinal is below 2^31. */
export const CONTROL_NODE = {
  directory: 0xffff_fff0,
  plan: 0xffff_fff1,
  status: 0xffff_fff2,
} as const;

const DIRECTORY_NAME = Buffer.from('.larder');
const NODES: ReadonlySet<number> = new Set(Object.values(CONTROL_NODE));
const NAMES: ReadonlyMap<string, number> = new Map([
  ['plan', CONTROL_NODE.plan],
  ['status.json', CONTROL_NODE.status],
]);
/** Whoever may read the mount may tell a plan: it changes what is fetched, and no byte. */
const MODE = { directory: 0o755, plan: 0o666, status: 0o444 } as const;

/** Forgetting has no answer, and is left to whoever reads it. */
export function isControlRequest(request: RequestView): boolean {
  const { node, opcode } = request;
  if (NODES.has(node)) return opcode !== OPCODE.FORGET;
  return node === ROOT_NODE && opcode === OPCODE.LOOKUP && request.name.equals(DIRECTORY_NAME);
}

/** @returns 0 where there is no such name */
export function controlNode(directory: number, name: Buffer): number {
  if (directory === ROOT_NODE) return CONTROL_NODE.directory;
  if (directory !== CONTROL_NODE.directory) return 0;
  return NAMES.get(name.toString('latin1')) ?? 0;
}

export function* controlNames(): Generator<{ readonly name: Buffer; readonly node: number }> {
  for (const [name, node] of NAMES) yield { name: Buffer.from(name), node };
}

/** Their size says nothing: they are read to their end. */
export function controlAttributes(node: number): NodeAttributes {
  const isDirectory = node === CONTROL_NODE.directory;
  const mode = isDirectory ? MODE.directory : node === CONTROL_NODE.plan ? MODE.plan : MODE.status;
  const kind = isDirectory ? 'directory' : 'file';
  return { ...emptyAttributes(), node, kind, mode, sizeBytes: 0 };
}
