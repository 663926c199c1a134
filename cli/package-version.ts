/** The version of this installation, from its package.json. */
import fs from 'node:fs';
import path from 'node:path';

export function packageVersion(): string {
  for (let directory = import.meta.dirname; ; directory = path.dirname(directory)) {
    try {
      const text = fs.readFileSync(path.join(directory, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      if (directory === path.dirname(directory)) return 'unknown';
    }
  }
}
