import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { objectIdOf, RecordStore } from '../../../../worker/store/record-store.ts';

const RECORDS = 3_000;

it('lets go of mapped pages, and reads them again', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-records-'));
  try {
    await using records = new RecordStore(directory);
    for (let i = 0; i < RECORDS; i += 1) records.putRecord(idOf(i), recordOf(i));
    await records.committed();
    expect(idsIn(records)).toBe(RECORDS);
    const mapped = mappedKilobytes(directory);
    expect(mapped).toBeGreaterThan(300);
    records.releasePages();
    expect(mappedKilobytes(directory)).toBeLessThan(mapped / 10);
    expect(records.record(idOf(RECORDS - 1))).toEqual(recordOf(RECORDS - 1));
    expect(idsIn(records)).toBe(RECORDS);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

function idsIn(records: RecordStore): number {
  return new Set([...records.summaries()].map(({ orderKey }) => objectIdOf(orderKey))).size;
}

function idOf(i: number): string {
  return i.toString(16).padStart(40, '0');
}

function recordOf(i: number) {
  return {
    key: Buffer.from(`key-${String(i)}`),
    sizeBytes: 1,
    blockSizeBytes: 4_194_304,
    band: i * 1_000_003,
    incarnation: i,
    generation: 1,
    complete: true,
    region: 'kept' as const,
    references: [{ datasetId: 1, firstBlock: i }],
  };
}

/** What of the environment's file counts as this process's memory. */
function mappedKilobytes(directory: string): number {
  const maps = fs.readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-)/m);
  return maps
    .filter((map) => map.includes(` ${directory}/data.mdb\n`))
    .reduce((sum, map) => sum + Number(/^Rss:\s+(\d+) kB/m.exec(map)?.[1]), 0);
}
