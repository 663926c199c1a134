/** The name and place of the one object of a dataset that has one file, as a worker keeps it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestHosts } from '../../test/support/hosts.ts';

/** The root is 0, the folder of the file 1. */
const ORDINAL = 2;

export function onlyObject(hosts: TestHosts): { objectId: string; ordinal: number } {
  const complete = join(hosts.folder('w1', 'cache'), 'complete');
  const names = readdirSync(complete, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  const [objectId] = names;
  if (objectId === undefined || names.length > 1) throw new Error(`objects: ${names.length}`);
  return { objectId, ordinal: ORDINAL };
}
