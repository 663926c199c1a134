/**
 * A tree of directories as plain values, for comparing a mount with what it is made from.
 *
 * Hex of the path → hex of the bytes, `directory`, or `link to` and hex of the target; so names and
 * bytes that are no text are compared, and printed, byte for byte.
 */
import fs from 'node:fs/promises';

export type ByteTree = Readonly<Record<string, string>>;

/** What keys of a bucket make; a key that ends in `/` makes the directory only. */
export function treeOf(keys: readonly Buffer[], contentOf: (key: Buffer) => Buffer): ByteTree {
  const tree: Record<string, string> = {};
  for (const key of keys) {
    for (let at = key.indexOf('/'); at !== -1; at = key.indexOf('/', at + 1)) {
      tree[key.toString('hex', 0, at)] = 'directory';
    }
    if (!key.toString('latin1').endsWith('/')) {
      tree[key.toString('hex')] = contentOf(key).toString('hex');
    }
  }
  return tree;
}

/**
 * Walks a directory by bytes and reads its files. Asynchronous, so that a server in this process can
 * answer meanwhile.
 */
export async function readTree(root: string): Promise<ByteTree> {
  const tree: Record<string, string> = {};
  const pending = [Buffer.alloc(0)];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const directory = below(root, at);
    for (const entry of await fs.readdir(directory, { encoding: 'buffer', withFileTypes: true })) {
      const key = at.length === 0 ? entry.name : Buffer.concat([at, Buffer.from('/'), entry.name]);
      tree[key.toString('hex')] = await read(below(root, key));
      if (entry.isDirectory()) pending.push(key);
    }
  }
  return tree;
}

/** A path of bytes. */
export function below(root: string, key: Buffer | string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(key)]);
}

async function read(path: Buffer): Promise<string> {
  const stats = await fs.lstat(path);
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) {
    return `link to ${(await fs.readlink(path, { encoding: 'buffer' })).toString('hex')}`;
  }
  const bytes = await fs.readFile(path);
  return bytes.length === stats.size
    ? bytes.toString('hex')
    : `${String(bytes.length)} bytes, but stat says ${String(stats.size)}`;
}
