/** A master and three workers as processes: what an audit finds on disks that somebody has touched. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../sdk/index.ts';
import { ReportCluster } from '../support/report-cluster.ts';

const KIB = 1024;
/** Small ones, some of several chunks, one of several blocks. */
const SIZES = [...Array.from({ length: 120 }, (_, i) => 1 + i * 3000), 9 * KIB * KIB];

let cluster: ReportCluster;
beforeAll(async () => {
  cluster = await ReportCluster.start();
  await cluster.load('ds', SIZES);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function kinds(report: AuditReport): string[] {
  return report.counts.map(
    ({ kind, workerId, count }) => `${kind} ${String(workerId)} ${String(count)}`,
  );
}

/** A worker, and one of its files that is not empty. */
function aFile(worker: string, minBytes = 2): { workerId: string; file: string } {
  const file = cluster.completeFiles(worker).find((one) => fs.statSync(one).size >= minBytes);
  if (file === undefined) throw new Error(`${worker} has no such file`);
  return { workerId: cluster.workerId(worker), file };
}

describe('an audit', () => {
  test('of a cluster that is well finds nothing, and says what is held', async () => {
    const report = await cluster.audit('ds', { checksums: true, complete: true });
    expect(kinds(report)).toEqual([]);
    expect(report).toMatchObject({ equal: true, dataset: 'ds', version: 1, guestBlocks: 0 });
    expect(report.blocks).toEqual({ all: 123, held: 123, heldTwice: 0 });
    expect(report.workers).toHaveLength(3);
    const checked = report.workers.reduce((sum, { checkedBytes }) => sum + checkedBytes, 0);
    expect(checked).toBe(SIZES.reduce((sum, size) => sum + size, 0));
  });

  test('finds a byte that was flipped, where it reads the bytes', async () => {
    const { workerId, file } = aFile('worker-0', 300 * KIB);
    const handle = fs.openSync(file, 'r+');
    const byte = Buffer.alloc(1);
    fs.readSync(handle, byte, 0, 1, 260 * KIB);
    const before = Buffer.from(byte);
    byte.writeUInt8(byte.readUInt8(0) ^ 1);
    fs.writeSync(handle, byte, 0, 1, 260 * KIB);
    expect((await cluster.audit('ds')).equal).toBe(true);
    const report = await cluster.audit('ds', { checksums: true });
    expect(kinds(report)).toEqual([`file-damaged ${workerId} 1`]);
    const [difference] = report.differences;
    expect(difference).toMatchObject({ objectId: path.basename(file), workerId });
    expect(difference?.path.toString()).toMatch(/^d\d\/f\d+$/);
    expect(difference?.detail).toContain('262144');
    fs.writeSync(handle, before, 0, 1, 260 * KIB);
    fs.closeSync(handle);
    expect((await cluster.audit('ds', { checksums: true })).equal).toBe(true);
  });

  test('finds a file that was cut', async () => {
    const { workerId, file } = aFile('worker-1');
    const bytes = fs.readFileSync(file);
    fs.truncateSync(file, bytes.length - 1);
    const report = await cluster.audit('ds');
    expect(kinds(report)).toEqual([`file-size ${workerId} 1`]);
    expect(report.differences[0]?.objectId).toBe(path.basename(file));
    fs.writeFileSync(file, bytes);
    expect((await cluster.audit('ds')).equal).toBe(true);
  });

  test('finds a file without a record, whatever its name', async () => {
    const directory = cluster.cacheDir('worker-2');
    const strays = [
      path.join(directory, 'complete/ab/cd', `abcd${'0'.repeat(36)}`),
      path.join(directory, 'growing', `abcd${'0'.repeat(36)}.17.part`),
      path.join(directory, 'growing/notes'),
    ];
    fs.mkdirSync(path.join(directory, 'complete/ab/cd'), { recursive: true });
    for (const stray of strays) fs.writeFileSync(stray, 'x');
    const report = await cluster.audit('ds');
    expect(kinds(report)).toEqual([`file-without-record ${cluster.workerId('worker-2')} 3`]);
    const named = report.differences.map(({ detail }) => path.join(directory, detail));
    expect(named.sort()).toEqual(strays.sort());
    for (const stray of strays) fs.rmSync(stray);
    expect((await cluster.audit('ds')).equal).toBe(true);
  });

  test('finds a record without its file, by the command line too', async () => {
    const { workerId, file } = aFile('worker-2');
    fs.renameSync(file, `${cluster.origin}-taken`);
    const args = ['audit', 'ds@v1', '--master', cluster.master];
    const json = await cluster.scratch.run([...args, '--json']);
    expect(json.code).toBe(9);
    const { differences } = JSON.parse(json.stdout) as { differences: object[] };
    expect(differences).toEqual([
      expect.objectContaining({ kind: 'file-missing', workerId, objectId: path.basename(file) }),
    ]);
    const text = await cluster.scratch.run(args);
    expect(text.code).toBe(9);
    expect(text.stdout).toContain(`Differences: file-missing 1 on ${workerId}.`);
    fs.renameSync(`${cluster.origin}-taken`, file);
    const well = await cluster.scratch.run(args);
    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout).toContain('Disks, manifest and master agree.');
  });

  test('of a version says what is missing where that is asked for, and names no more than told', async () => {
    for (let i = 0; i < 30; i += 1)
      fs.writeFileSync(path.join(cluster.origin, `new-${String(i)}`), 'n');
    const { version } = await cluster.larder.datasets.refresh('ds');
    expect(version.number).toBe(2);
    expect((await cluster.audit('ds')).equal).toBe(true);
    const report = await cluster.audit('ds', { complete: true, limit: 7 });
    expect(kinds(report)).toEqual(['missing null 30']);
    expect(report.differences).toHaveLength(7);
    expect(report.blocks).toMatchObject({ all: 153, held: 123 });
    expect((await cluster.audit('ds@v1', { complete: true })).equal).toBe(true);
  });

  test('of what is not there is refused', async () => {
    await expect(cluster.audit('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(cluster.audit('ds@v9')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('says which worker did not answer, and vouches for nothing', async () => {
    await cluster.kill('worker-1');
    await cluster.joined(2);
    const outcome = await cluster.scratch.run(['audit', 'ds', '--master', cluster.master]);
    expect(outcome.code).toBe(8);
    expect(outcome.stdout).toContain('not every worker could be asked');
    const report = await cluster.audit('ds');
    expect(report.equal).toBe(false);
    expect(report.workers.filter(({ failure }) => failure !== null)).toEqual([
      expect.objectContaining({ workerId: cluster.workerId('worker-1') }),
    ]);
    cluster.run('worker-1');
    await cluster.joined(3);
  });
});
