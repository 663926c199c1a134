import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BLOCKS, Objects } from '../../../../bench/sim/objects.ts';
import { parseOptions } from '../../../../bench/sim/options.ts';
import { POLICIES } from '../../../../bench/sim/policies/index.ts';
import { Result } from '../../../../bench/sim/result.ts';
import { SAMPLERS, samplerOf } from '../../../../bench/sim/samplers.ts';
import { simulate } from '../../../../bench/sim/simulate.ts';
import type { SimulationOptions } from '../../../../bench/sim/simulate.ts';
import { readTrace, replay } from '../../../../bench/sim/trace.ts';

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-sim-'));
afterAll(() => {
  fs.rmSync(directory, { recursive: true });
});

const objects = Objects.of(1_000, BLOCKS, 1);
const BASE: SimulationOptions = {
  objects,
  nodes: 4,
  nodeBytes: objects.totalBytes / 8,
  placement: 'owners',
  replicas: 1,
  policy: POLICIES.larder,
  sampler: 'shuffled',
  jobs: 1,
  sameOrder: false,
  lags: [0],
  warmEpochs: 1,
  epochs: 2,
  seed: 1,
};

describe('a simulation', () => {
  test('is the same for the same seed, and another for another', () => {
    const deciles = (seed: number) => simulate({ ...BASE, seed }).missDeciles;
    expect(deciles(7)).toEqual(deciles(7));
    expect(deciles(7)).not.toEqual(deciles(8));
  });

  test('counts each read of the counted epochs once, of every job', () => {
    const jobs = { jobs: 3, lags: [0, 0.25, 0.6] };
    expect(simulate(BASE).reads).toBe(2_000);
    expect(simulate({ ...BASE, ...jobs }).reads).toBe(6_000);
  });

  test('of the hash band has its misses spread over the epoch, and of Belady at the end', () => {
    const spread = (policy: keyof typeof POLICIES) =>
      simulate({ ...BASE, nodes: 1, nodeBytes: objects.totalBytes / 2, policy: POLICIES[policy] });
    const band = spread('larder').missDeciles;
    expect(Math.max(...band) / Math.min(...band)).toBeLessThanOrEqual(1.5);
    const belady = spread('belady').missDeciles;
    expect(belady.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
  });

  test('follows what is read most, where reads are skewed', () => {
    const skewed = {
      ...BASE,
      sampler: 'skewed',
      nodes: 1,
      nodeBytes: objects.totalBytes / 4,
    } as const;
    const lru = simulate({ ...skewed, policy: POLICIES.lru });
    const band = simulate(skewed);
    expect(lru.hitRatio).toBeGreaterThan(band.hitRatio + 0.05);
  });
});

describe('samplers', () => {
  test.each(SAMPLERS)('%s: the same epoch is the same order', (name) => {
    const of = (epoch: number) =>
      samplerOf({ name, objects: 100, nodes: 4, seed: 3, stream: 0 }).order(epoch);
    expect(of(1)).toEqual(of(1));
    const sorted = [...of(1)].sort((a, b) => a - b);
    const each = Array.from({ length: 100 }, (_, object) => object);
    if (name === 'skewed') expect(sorted).not.toEqual(each);
    else expect(sorted).toEqual(each);
    if (name === 'repeated') expect(of(1)).toEqual(of(2));
    else expect(of(1)).not.toEqual(of(2));
  });

  test('a partition belongs to one node in every epoch', () => {
    const { node } = samplerOf({ name: 'partitioned', objects: 100, nodes: 4, seed: 3, stream: 0 });
    expect([node(0, 6), node(17, 6), node(99, 6)]).toEqual([2, 2, 2]);
  });
});

describe('the time of an epoch', () => {
  const times = { computeSeconds: 100, originBytesPerSecond: 1 };

  test('is compute time where misses are spread, and longer where they come in a burst', () => {
    const even = new Result(1);
    const burst = new Result(1);
    for (let i = 0; i < 100; i += 1) {
      even.count('origin', 1, i / 100);
      burst.count('origin', 1, 0.5 + i / 200);
    }
    expect(even.epochSeconds(times)).toBeCloseTo(100, 9);
    expect(burst.epochSeconds(times)).toBeCloseTo(150, 9);
  });
});

describe('a trace', () => {
  const write = (...lines: string[]) => {
    const file = path.join(directory, 'trace.jsonl');
    fs.writeFileSync(file, lines.join('\n'));
    return file;
  };
  const line = (t: number, node: string | number, block: string | number) =>
    JSON.stringify({ t, node, job: 'j', block });

  test('is replayed read by read, with names or numbers', async () => {
    const trace = await readTrace(
      write(line(0, 'a', 'x'), '', line(1, 'b', 7), line(1, 'a', 'x'), line(2, 'b', 'x')),
    );
    expect(trace).toMatchObject({ nodes: 2, jobs: 1, blocks: ['x', '7'] });
    const { lru: policy } = POLICIES;
    const options = { trace, blockBytes: 1, nodeBytes: 10, replicas: 1, policy };
    const result = replay({ ...options, placement: 'first-toucher' });
    expect(result.reads).toBe(4);
    expect(result.share('local')).toBe(0.25);
    expect(result.share('peer')).toBe(0.25);
    expect(replay({ ...options, placement: 'alone' }).share('origin')).toBe(0.75);
  });

  test.each([
    ['{"t":1', /trace\.jsonl:2: not JSON/],
    ['[1, 2]', /trace\.jsonl:2: "t" has to be a number/],
    ['null', /trace\.jsonl:2: "t" has to be a number/],
    ['{"t":"1","node":1,"job":1,"block":1}', /trace\.jsonl:2: "t" has to be a number/],
    ['{"t":1,"node":1,"job":1}', /trace\.jsonl:2: "block" has to be a number or a name/],
    ['{"t":1,"node":null,"job":1,"block":1}', /trace\.jsonl:2: "node" has to be/],
    ['{"t":0.5,"node":1,"job":1,"block":1}', /trace\.jsonl:2: t goes back/],
  ])('a bad line is named: %s', async (text, message) => {
    await expect(readTrace(write(line(1, 0, 0), text))).rejects.toThrow(message);
  });

  test('without a read, or without a file, is said', async () => {
    await expect(readTrace(write(''))).rejects.toThrow('there is no read in it');
    await expect(readTrace(path.join(directory, 'none'))).rejects.toThrow('ENOENT');
  });
});

describe('options', () => {
  test('without any the tables are asked for, with a seed too', () => {
    expect(parseOptions([]).tables).toBe(true);
    expect(parseOptions(['--seed', '4']).tables).toBe(true);
    expect(parseOptions(['--nodes', '4'])).toMatchObject({ tables: false, nodes: 4, lags: [0] });
    expect(parseOptions(['--jobs', '2']).lags).toEqual([0, 0.5]);
  });

  test.each([
    [['--nodes', '0'], '--nodes is a whole number from 1'],
    [['--cached', '2'], '--cached is a number from 0 to 1'],
    [['--policy', 'fifo'], '--policy is one of'],
    [['--epochs', '1'], '--warm has to be less than --epochs'],
    [['--trace', 'f'], '--trace needs --cache'],
    [['--files', '3'], '--files needs --workload'],
    [['--jobs', '2', '--lags', '0'], '--lags has one number for each of --jobs'],
    [['--workload', 'bert'], '--workload is one of'],
    [['--node', '3'], 'Unknown option'],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
