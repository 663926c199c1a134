/** Where this installation is, and its version. */
import fs from 'node:fs';
import path from 'node:path';

/** The folder of its package.json. */
export function packageDirectory(): string {
  for (let directory = import.meta.dirname; ; directory = path.dirname(directory)) {
    if (fs.existsSync(path.join(directory, 'package.json'))) return directory;
    if (directory === path.dirname(directory)) return import.meta.dirname;
  }
}

export function packageVersion(): string {
  try {
    const text = fs.readFileSync(path.join(packageDirectory(), 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
