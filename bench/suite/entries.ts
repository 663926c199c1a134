/** A tree of empty files, 1,000 in a directory: names are all that metadata costs depend on. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { throwIfInterrupted } from '../processes.ts';

const PER_DIRECTORY = 1_000;

export async function makeEntries(directory: string, entries: number): Promise<void> {
  mkdirSync(directory, { recursive: true });
  for (let first = 0; first < entries; first += PER_DIRECTORY) {
    await turn();
    throwIfInterrupted();
    mkdirSync(join(directory, directoryName(first)));
    const end = Math.min(entries, first + PER_DIRECTORY);
    for (let file = first; file < end; file += 1) {
      closeSync(openSync(join(directory, entryName(file)), 'w'));
    }
  }
}

/** Relative. */
export function entryName(file: number): string {
  return `${directoryName(file)}/f${String(file).padStart(8, '0')}.jpg`;
}

function directoryName(file: number): string {
  return `d${String(Math.floor(file / PER_DIRECTORY)).padStart(5, '0')}`;
}
