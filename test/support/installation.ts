/** Another installation of Larder: a copy of the sources in a directory of its own, of another release. */
import fs from 'node:fs';
import path from 'node:path';
import { ROOT, trackedFiles } from '../docs/repository.ts';

const PRODUCT = /^(?:cli|common|fuse-client|master|proto|rpc|sdk|worker)\//;

/** @returns its directory */
export function installCopy(directory: string, version: string): string {
  for (const file of trackedFiles().filter((name) => PRODUCT.test(name))) {
    fs.mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    fs.copyFileSync(path.join(ROOT, file), path.join(directory, file));
  }
  const text = fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8');
  const manifest = { ...(JSON.parse(text) as object), version };
  fs.writeFileSync(path.join(directory, 'package.json'), JSON.stringify(manifest));
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(directory, 'node_modules'));
  return directory;
}

/** Changes a file of an installation; fails where there is nothing to change. */
export function edit(installation: string, file: string, from: string | RegExp, to: string): void {
  const name = path.join(installation, file);
  const before = fs.readFileSync(name, 'utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${file} has no ${String(from)}`);
  fs.writeFileSync(name, after);
}
