/**
 * `node client-process.ts OPTIONS`: a reader on one host, by the SDK or through a mount of that host.
 * It compares every byte with what the file must have, and says what failed and how long reads took.
 */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { connect } from '../../../sdk/index.ts';
import type { ConnectOptions, SettingChanges } from '../../../sdk/index.ts';
import { getxattr } from '../libc.ts';
import { answerCalls } from './calls.ts';
import { isRight } from './files.ts';
import type { TestFile } from './files.ts';
import { readAll } from './read-all.ts';
import type { ReadPlan } from './read-all.ts';

export interface CreateDataset {
  readonly name: string;
  readonly endpoint: string;
  readonly settings?: SettingChanges;
}

export interface PieceOf {
  readonly dataset: string;
  readonly file: TestFile;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface FileOfMount {
  readonly mountpoint: string;
  readonly file: TestFile;
}

/** Of a large file at a time. */
const PIECE_BYTES = 8 * 1024 * 1024;

const [, , options = '{}'] = process.argv;
const larder = connect(JSON.parse(options) as ConnectOptions);

async function dataset(plan: ReadPlan) {
  await using opened = await larder.datasets.get(plan.dataset);
  return await readAll(plan, async (file) => {
    await using reading = await opened.open(file.path);
    return await reading.read(0, file.sizeBytes + 1);
  });
}

async function mounted(plan: ReadPlan) {
  return await readAll(plan, async ({ path: name, sizeBytes }) => {
    await using reading = await open(path.join(plan.dataset, name));
    const bytes = Buffer.alloc(sizeBytes + 1);
    let done = 0;
    for (;;) {
      const { bytesRead } = await reading.read(bytes, done, bytes.length - done, done);
      done += bytesRead;
      if (bytesRead === 0) return bytes.subarray(0, done);
    }
  });
}

/** Opens the file once; what it says of its mode is of then. */
async function opened({ mountpoint, file }: FileOfMount) {
  const name = path.join(mountpoint, file.path);
  await using reading = await open(name);
  const mode = getxattr(name, 'user.larder.mode');
  const bytes = Buffer.alloc(PIECE_BYTES);
  for (let done = 0; ;) {
    const { bytesRead } = await reading.read(bytes, 0, PIECE_BYTES, done);
    if (bytesRead === 0) return { mode, isRight: done === file.sizeBytes };
    if (!isRight(file, done, bytes.subarray(0, bytesRead))) return { mode, isRight: false };
    done += bytesRead;
  }
}

answerCalls(
  {
    status: () => larder.status(),
    create: async ({ name, endpoint, settings = {} }: CreateDataset) => {
      const all = { endpoint, region: 'us-east-1', pathStyle: 'true', ...settings };
      const made = await larder.datasets.create(name, `s3://b/${name}`, { settings: all });
      return made.version.number;
    },
    refresh: async (name: string) => (await larder.datasets.refresh(name)).version.number,
    versions: async (name: string) => (await larder.datasets.versions(name)).length,
    preload: async (reference: string) => {
      await using target = await larder.datasets.get(reference);
      let state = 'none';
      for await (const progress of target.preload()) ({ state } = progress);
      return state;
    },
    owners: async ({ dataset: reference, files }: Pick<ReadPlan, 'dataset' | 'files'>) => {
      await using target = await larder.datasets.get(reference);
      const owners: string[] = [];
      for (const file of files) owners.push((await target.locate(file.path))[0]?.nodes[0] ?? '');
      return owners;
    },
    stripes: async ({ dataset: reference, file }: Pick<PieceOf, 'dataset' | 'file'>) => {
      await using target = await larder.datasets.get(reference);
      return (await target.locate(file.path)).map(({ nodes }) => nodes[0] ?? '');
    },
    read: dataset,
    readMount: mounted,
    opened,
    attribute: ({ mountpoint, file, name }: FileOfMount & { readonly name: string }) =>
      getxattr(path.join(mountpoint, file.path), name),
    readPiece: async ({ dataset: reference, file, offsetBytes, lengthBytes }: PieceOf) => {
      await using target = await larder.datasets.get(reference);
      await using reading = await target.open(file.path);
      return isRight(file, offsetBytes, await reading.read(offsetBytes, lengthBytes));
    },
  },
  {},
);
