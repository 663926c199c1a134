/** Files of /proc, /sys and /etc, which may not be there. */
import fs from 'node:fs';

/** Empty where it cannot be read. */
export function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
