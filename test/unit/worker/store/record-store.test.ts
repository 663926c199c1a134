import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { open } from 'lmdb';
import { expect, it } from 'vitest';
import { encodeSummary } from '../../../../worker/store/record.ts';
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

it('brings the order of an earlier release, of all datasets together, into that of each', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-records-'));
  try {
    await writeEarlierOrder(directory);
    await using records = new RecordStore(directory);
    expect([...records.keptOrder(1)]).toEqual([]);
    await records.upgradeOrder();
    const orders = () => [1, 2].map((id) => [...records.keptOrder(id)].map(({ band }) => band));
    const bands = (parity: number) =>
      Array.from({ length: 500 }, (_, i) => (999 - 2 * i - parity) * 1_000_003);
    expect(orders()).toEqual([bands(0), bands(1)]);
    expect([...records.objectIds()].length).toBe(1000);
    await records.upgradeOrder();
    expect(orders()).toEqual([bands(0), bands(1)]);
    const below = [...records.keptOrder(2, 10 * 1_000_003)];
    expect(below.map(({ band }) => band / 1_000_003)).toEqual([10, 8, 6, 4, 2, 0]);
    expect(below[0]).toMatchObject({ objectId: idOf(10), datasetId: 2, firstBlock: 10 });
    // A place that is taken away is found where it is by now.
    records.removeOrder(idOf(10), inDataset(10));
    await records.committed();
    expect([...records.keptOrder(2)].length).toBe(499);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

/** Odd ones in dataset 1, even ones in dataset 2. */
function inDataset(i: number) {
  return { ...recordOf(i), references: [{ datasetId: i % 2 === 1 ? 1 : 2, firstBlock: i }] };
}

/** Key: 0x20 | inverted band | 4 zero bytes | object id. */
async function writeEarlierOrder(directory: string): Promise<void> {
  const root = open({ path: directory, maxDbs: 4, noSubdir: false });
  const order = root.openDB<Buffer, Buffer>({
    ...{ name: 'order', keyEncoding: 'binary', encoding: 'binary' },
  });
  for (let i = 0; i < 1000; i += 1) {
    const record = inDataset(i);
    const key = Buffer.alloc(29);
    key.writeUInt8(0x20, 0);
    key.writeUInt32BE(0xffffffff - record.band, 1);
    key.write(idOf(i), 9, 'hex');
    void order.put(key, encodeSummary({ ...record, ...record.references[0]! }));
  }
  await root.flushed;
  await root.close();
}

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
