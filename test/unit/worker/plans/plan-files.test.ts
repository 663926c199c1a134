import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../common/index.ts';
import type { ManifestReader } from '../../../../common/index.ts';
import { parsePlan } from '../../../../common/plans/index.ts';
import { findFiles } from '../../../../worker/plans/plan-files.ts';
import { build, entry, sorted } from '../../common/manifest/support.ts';

/** As torchvision's `find_classes` and `make_dataset` do it. */
const MAKE_DATASET = `
import json, os, sys
IMG = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp')
root = sys.argv[1]
found = []
for cls in sorted(e.name for e in os.scandir(root) if e.is_dir()):
    for at, _, names in sorted(os.walk(os.path.join(root, cls), followlinks=True)):
        for name in sorted(names):
            if name.lower().endswith(IMG):
                found.append(os.path.relpath(os.path.join(at, name), root))
print(json.dumps(found))
`;

/** Where the order of a walk, that of whole paths and that of names differ. */
const PATHS = [
  ...['a/1.jpg', 'a/10.JPG', 'a/2.jpeg', 'a/z/1.png', 'a/b-c/1.jpg', 'a/b/1.jpg', 'a/b.jpg'],
  ...['a-b/1.jpg', 'a.b/1.webp', 'B/1.jpg', 'b/notes.txt', 'b/1.jpg.bak', 'ä/é.jpg', 'z/😀.jpg'],
  ...['z/～.jpg', 'beside.jpg', 'empty/sub/none.txt', 'b/2.TIFF'],
];

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-plan-files-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function manifestOf(paths: readonly string[]): ManifestReader {
  return build(sorted(paths.map((it) => entry(it)))).reader;
}

async function find(reader: ManifestReader, files: object): Promise<string[]> {
  const plan = parsePlan(JSON.stringify({ dataset: 'd', sampler: 'sequential', files }));
  const options = { clock: systemClock, signal: new AbortController().signal };
  const { ordinals, firstBlocks } = await findFiles(reader, plan.files, options);
  expect(firstBlocks).toHaveLength(ordinals.length);
  return [...ordinals].map((ordinal) => reader.key(ordinal).toString());
}

describe('the files of a plan', () => {
  it('of an ImageFolder are those that Python finds, in its order', async () => {
    for (const file of PATHS) {
      const at = path.join(folder, file);
      fs.mkdirSync(path.dirname(at), { recursive: true });
      fs.writeFileSync(at, '');
    }
    const python = execFileSync('python3', ['-c', MAKE_DATASET, folder], {
      env: { ...process.env, PYTHONUTF8: '1' },
    });
    const expected = JSON.parse(python.toString()) as string[];
    expect(expected.length).toBeGreaterThan(10);
    expect(await find(manifestOf(PATHS), { rule: 'image-folder' })).toEqual(expected);
    const below = manifestOf(PATHS.map((it) => `train/x/${it}`));
    expect(await find(below, { rule: 'image-folder', root: 'train/x' })).toEqual(
      expected.map((it) => `train/x/${it}`),
    );
  });

  it('in the order of their paths are shards, and a list is as it is given', async () => {
    const reader = manifestOf(['s/b-1.tar', 's/b.tar', 's/a.tar', 's/index.json', 'other.tar']);
    const shards = { rule: 'sorted', root: 's', extensions: ['.tar'] };
    expect(await find(reader, shards)).toEqual(['s/a.tar', 's/b-1.tar', 's/b.tar']);
    const paths = ['other.tar', 's/a.tar', 'other.tar'];
    expect(await find(reader, { rule: 'list', paths })).toEqual(paths);
  });

  it.each([
    [{ rule: 'list', paths: ['s/a.tar', 'nowhere'] }, 'NOT_FOUND'],
    [{ rule: 'list', paths: ['s'] }, 'INVALID_ARGUMENT'],
    [{ rule: 'sorted', root: 'nowhere' }, 'NOT_FOUND'],
    [{ rule: 'sorted', root: 's/a.tar' }, 'NOT_A_DIRECTORY'],
    [{ rule: 'sorted', extensions: ['.parquet'] }, 'INVALID_ARGUMENT'],
  ])('%o is refused as %s', async (files, code) => {
    await expect(find(manifestOf(['s/a.tar']), files)).rejects.toMatchObject({ code });
  });
});
