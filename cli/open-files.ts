/** How many file descriptors this process may have. Node has raised the soft limit to the hard one. */
import fs from 'node:fs';
import { LarderError, MIN_OPEN_FILES } from '../common/index.ts';

/**
 * @returns Infinity where there is no limit, or none that can be read
 * @throws {LarderError} `OPEN_FILES_LIMIT` where there are too few to work with
 */
export function openFilesLimit(): number {
  const limit = readLimit();
  if (limit < MIN_OPEN_FILES) {
    throw new LarderError('OPEN_FILES_LIMIT', { limit, needed: MIN_OPEN_FILES });
  }
  return limit;
}

function readLimit(): number {
  let text: string;
  try {
    text = fs.readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return Infinity;
  }
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  return soft === undefined || soft === 'unlimited' ? Infinity : Number(soft);
}
