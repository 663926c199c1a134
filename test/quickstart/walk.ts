/** Reads everything below a directory as a job would, and tells what it was. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export interface Reading {
  readonly files: number;
  readonly bytes: number;
  readonly seconds: number;
  /** SHA-256 by path below the directory. */
  readonly digests: ReadonlyMap<string, string>;
}

const PIECE_BYTES = 1024 * 1024;

export function readEverything(directory: string, onBytes: (bytes: number) => void): Reading {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const digests = new Map<string, string>();
  const started = performance.now();
  let bytes = 0;
  const visit = (below: string): void => {
    for (const entry of fs.readdirSync(path.join(directory, below), { withFileTypes: true })) {
      const name = path.join(below, entry.name);
      if (entry.isDirectory()) visit(name);
      if (!entry.isFile()) continue;
      const hash = createHash('sha256');
      const fd = fs.openSync(path.join(directory, name), 'r');
      for (let got = 1; got > 0;) {
        got = fs.readSync(fd, piece, 0, piece.length, null);
        hash.update(piece.subarray(0, got));
        bytes += got;
        onBytes(bytes);
      }
      fs.closeSync(fd);
      digests.set(name, hash.digest('hex'));
    }
  };
  visit('');
  return { files: digests.size, bytes, seconds: (performance.now() - started) / 1000, digests };
}

/** Paths whose content differs, or that only one side has. */
export function differences(a: Reading, b: Reading): string[] {
  const names = new Set([...a.digests.keys(), ...b.digests.keys()]);
  return [...names].filter((name) => a.digests.get(name) !== b.digests.get(name));
}
