import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completePath, ManifestBuilder, ManifestReader } from '../../../common/index.ts';
import { INIT_FLAG2, OPEN_FLAG } from '../../../fuse-client/abi.ts';
import { openFlags, Opens } from '../../../fuse-client/opens.ts';
import type { OpensOptions } from '../../../fuse-client/opens.ts';
import { VersionFiles } from '../../../fuse-client/operations.ts';
import { SharedState, STATE_BYTES } from '../../../fuse-client/state.ts';
import { BackingModel } from '../../support/backing-model.ts';
import { TEST_DATASET } from '../../support/directory-mount-source.ts';

const NODE = 2;
let directory: string;
let state: SharedState;
let backing: BackingModel;
let files: VersionFiles;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-opens-'));
  state = new SharedState(new ArrayBuffer(STATE_BYTES));
  state.decide({ mode: 'passthrough', why: 'asked', sampledFiles: 0, smallFiles: 0 });
  grant(INIT_FLAG2.PASSTHROUGH);
  backing = new BackingModel();
  files = oneFile();
  const { objectId } = files.reader.objectRef(NODE - 1, TEST_DATASET);
  const file = completePath(directory, objectId);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, 'bytes');
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

describe('the first open of a complete file', () => {
  test('is passthrough, and nothing but NOFLUSH beside it; its fd is closed', () => {
    const fdsBefore = fs.readdirSync('/proc/self/fd').length;
    const opened = make().open(request(2));
    expect(opened).toMatchObject({ outcome: 'passthrough', backingId: 1 });
    expect(openFlags(opened)).toBe(OPEN_FLAG.PASSTHROUGH | OPEN_FLAG.NOFLUSH);
    expect(fs.readdirSync('/proc/self/fd')).toHaveLength(fdsBefore);
  });

  test('counts as a read of it, because it is small', () => {
    const reads: number[][] = [];
    const opens = make({ onSmallRead: (...read) => reads.push(read) });
    opens.open(request(2));
    opens.open(request(4));
    expect(reads).toEqual([
      [NODE - 1, 5],
      [NODE - 1, 5],
    ]);
  });

  test.each<[string, Partial<OpensOptions>, number]>([
    ['strict', { integrity: 'strict' }, INIT_FLAG2.PASSTHROUGH],
    ['kernel', {}, 0],
    ['remote', { completeDirectories: [] }, INIT_FLAG2.PASSTHROUGH],
    ['manifest', { mayWait: false }, INIT_FLAG2.PASSTHROUGH],
    [
      'incomplete',
      { completeDirectories: [{ path: '/nowhere', diskId: '', weightBytes: 1 }] },
      INIT_FLAG2.PASSTHROUGH,
    ],
  ])('is daemon mode: %s', (outcome, options, flags2) => {
    grant(flags2);
    const opens = make(options);
    expect(opens.describe(NODE)).toBe(`daemon (${outcome})`);
    const opened = opens.open(request(2));
    expect(opened).toMatchObject({ outcome, backingId: 0 });
    expect(openFlags(opened)).toBe(OPEN_FLAG.KEEP_CACHE | OPEN_FLAG.NOFLUSH);
    expect(state.openCounts).toEqual({ [outcome]: 1 });
  });

  test.each(['privilege', 'stacked'] as const)('asks once for what is refused: %s', (why) => {
    backing.refuse = why;
    const opens = make();
    expect(opens.open(request(2)).outcome).toBe(why);
    opens.release(request(4), 1);
    backing.refuse = undefined;
    expect(opens.open(request(6)).outcome).toBe(why);
    opens.release(request(8), 1);
    // Its successor asks again: it may be another program, with other rights.
    state.takeOver(7, backing);
    expect(opens.open(request(10)).outcome).toBe('passthrough');
  });
});

function make(options: Partial<OpensOptions> = {}): Opens {
  const completeDirectories = [{ path: directory, diskId: '', weightBytes: 1 }];
  const defaults = { integrity: 'standard', completeDirectories, mayWait: true } as const;
  return new Opens({ state, files, backing, ...defaults, ...options });
}

function grant(flags2: number): void {
  state.negotiate({ minor: 45, kernelFlags: 0, kernelFlags2: flags2, flags: 0, flags2 });
}

function request(unique: number) {
  return { node: NODE, unique, isResent: false };
}

function oneFile(): VersionFiles {
  const parts: Buffer[] = [];
  const builder = new ManifestBuilder({
    sink: { append: (bytes) => parts.push(Buffer.from(bytes)) },
    blockSizeBytes: 1 << 22,
    onSkip: () => undefined,
  });
  builder.add({
    key: Buffer.from('file'),
    kind: 'file',
    sizeBytes: 5,
    ...{ mtimeS: 1_700_000_000, mtimeNs: 5, mode: 0o640, uid: 1, gid: 2 },
    validator: { kind: 'etag', etag: '"e"' },
  });
  builder.finish();
  const bytes = Buffer.concat(parts);
  const reader = ManifestReader.open(
    { sizeBytes: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) },
    { whole: true },
  );
  return new VersionFiles(reader, TEST_DATASET, 9);
}
