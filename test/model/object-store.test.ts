/**
 * The store and the reader against a map from objects to bytes: random reads, preloads, drops, damage,
 * clean restarts, kills and crashes of the machine. Whatever happens, a read gives the origin's
 * bytes, and what the store says it holds is what its files and its totals say.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasCode } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import { Larder, temporaryDirectory } from '../unit/worker/fetching/larder.ts';
import { refOf } from '../unit/worker/fetching/memory-origin.ts';

const KIB = 1024;
const CAPACITY_BYTES = 6 * 1024 * KIB;
const SIZES = [0, 1, 100 * KIB, 256 * KIB, 256 * KIB + 1, 700 * KIB, 2100 * KIB, 20_000 * KIB];
const REFS = SIZES.flatMap((size, i) =>
  [0, 1].map((copy) =>
    refOf(`object-${String(size)}-${String(copy)}`, size, {
      blockSizeBytes: 256 * KIB,
      firstBlock: (i * 2 + copy) * 100,
    }),
  ),
);

interface World {
  larder: Larder;
  directory: string;
  boot: number;
}

type Step =
  | { readonly do: 'read'; readonly object: number; readonly from: number; readonly to: number }
  | { readonly do: 'preload' | 'drop' | 'damage'; readonly object: number }
  | { readonly do: 'restart' | 'kill' | 'crash' };

const object = fc.nat(REFS.length - 1);
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      object,
      from: fraction,
      to: fraction,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('preload' as const), object }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('drop' as const, 'damage' as const), object }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('restart' as const, 'kill' as const, 'crash' as const),
    }),
  },
);

function open(directory: string, boot: number): Promise<Larder> {
  const store = { bootId: String(boot), capacityBytes: CAPACITY_BYTES, writePauseMs: 1 };
  return Larder.open({ directory, store, smallObjectBytes: 600 * KIB });
}

async function take(world: World, taken: Step): Promise<void> {
  const { larder } = world;
  switch (taken.do) {
    case 'read': {
      const ref = REFS[taken.object]!;
      const [from, to] = [taken.from, taken.to].map((x) => Math.floor(x * ref.sizeBytes));
      const start = Math.min(from!, to!);
      expect(await larder.readsRight(ref, start, Math.max(from!, to!) - start)).toBe(true);
      return;
    }
    case 'preload':
      await larder.reader
        .fetchWhole(REFS[taken.object]!, new AbortController().signal)
        .catch((error: unknown) => expect(hasCode(error, 'NOT_KEPT')).toBe(true));
      return;
    case 'drop': {
      const stored = larder.store.find(REFS[taken.object]!.objectId);
      if (stored !== undefined) await larder.store.drop(stored, 'test');
      return;
    }
    case 'damage':
      await larder.reader.settled();
      damage(world.directory, REFS[taken.object]!);
      return;
    case 'restart':
      await larder[Symbol.asyncDispose]();
      world.larder = await open(world.directory, world.boot);
      return;
    case 'kill':
    case 'crash': {
      // As the directory is at this moment, without anything being closed.
      await larder.reader.settled();
      const copy = temporaryDirectory();
      fs.cpSync(world.directory, copy, { recursive: true });
      await larder[Symbol.asyncDispose]();
      fs.rmSync(world.directory, { recursive: true, force: true });
      world.directory = copy;
      if (taken.do === 'crash') {
        world.boot += 1;
        for (const ref of REFS.slice(0, 5)) damage(copy, ref);
      }
      world.larder = await open(copy, world.boot);
    }
  }
}

function damage(directory: string, ref: ObjectRef): void {
  for (const name of fs.readdirSync(directory, { recursive: true, encoding: 'latin1' })) {
    if (!name.includes(ref.objectId)) continue;
    const fd = fs.openSync(join(directory, name), 'r+');
    fs.writeSync(fd, Buffer.alloc(1), 0, 1, Math.max(0, fs.fstatSync(fd).size - 1));
    fs.closeSync(fd);
  }
}

async function agrees({ larder }: World): Promise<void> {
  await larder.reader.settled();
  let heldBytes = 0;
  const blocks: number[] = [];
  for (const ref of REFS) {
    const stored = larder.store.find(ref.objectId);
    heldBytes += stored?.heldBytes ?? 0;
    for (const run of stored?.heldRuns() ?? []) {
      for (let i = 0; i < run.count; i += 1) blocks.push(ref.firstBlock + run.first + i);
    }
  }
  expect(larder.store.held.bytes(1)).toBe(heldBytes);
  expect(larder.heldBlocks(1)).toEqual(blocks.sort((a, b) => a - b));
  expect(larder.store.usedBytes).toBeLessThanOrEqual(CAPACITY_BYTES);
  expect(larder.store.usedBytes).toBeGreaterThanOrEqual(heldBytes);
  expect(larder.store.usedBytes - heldBytes).toBeLessThan(REFS.length * 4096);
}

test('whatever happens, a read gives the origin’s bytes', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const directory = temporaryDirectory();
      const world: World = { larder: await open(directory, 0), directory, boot: 0 };
      try {
        for (const taken of steps) await take(world, taken);
        await agrees(world);
      } finally {
        await world.larder[Symbol.asyncDispose]();
        fs.rmSync(world.directory, { recursive: true, force: true });
      }
    }),
    { numRuns: 25 },
  );
});
