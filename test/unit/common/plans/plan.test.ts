import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LarderError } from '../../../../common/index.ts';
import { MAX_PLAN_BYTES, parsePlan } from '../../../../common/plans/index.ts';

const SMALL = { dataset: 'imagenet', sampler: 'torch-distributed' };

/** The field that a plan is refused for. */
function refused(value: unknown): unknown {
  try {
    parsePlan(typeof value === 'string' ? value : JSON.stringify(value));
  } catch (error) {
    if (error instanceof LarderError && error.code === 'INVALID_ARGUMENT') return error.facts['at'];
    throw error;
  }
  return undefined;
}

describe('a plan', () => {
  it('needs a dataset and a sampler, and has defaults for the rest', () => {
    expect(parsePlan(JSON.stringify(SMALL))).toEqual({
      ...SMALL,
      ...{ version: 0, job: 'imagenet-torch-distributed', seed: 0, epochs: 1, firstEpoch: 0 },
      ...{ world: 1, shuffle: true, dropLast: false, keepSeconds: 86_400 },
      files: { rule: 'sorted', root: '', extensions: [] },
    });
  });

  it('of an ImageFolder has its extensions, of shards .tar, and a root without slashes', () => {
    const files = { rule: 'image-folder', root: '/train/' };
    expect(parsePlan(JSON.stringify({ ...SMALL, files })).files).toMatchObject({
      root: 'train',
      extensions: expect.arrayContaining(['.jpg', '.webp']) as unknown,
    });
    const shards = parsePlan(JSON.stringify({ dataset: 'd', sampler: 'webdataset' }));
    expect(shards.files).toMatchObject({ extensions: ['.tar'] });
  });

  it.each([
    ['plan', 'nonsense'],
    ['plan', '[]'],
    ['plan', 'null'],
    ['sampler', { dataset: 'd' }],
    ['sampler', { ...SMALL, sampler: 'random' }],
    ['dataset', { sampler: 'sequential' }],
    ['epoch', { ...SMALL, epoch: 3 }],
    ['epochs', { ...SMALL, epochs: 0 }],
    ['epochs', { ...SMALL, epochs: '90' }],
    ['seed', { ...SMALL, seed: -1 }],
    ['seed', { ...SMALL, seed: 0.5 }],
    ['world', { ...SMALL, world: 1e9 }],
    ['shuffle', { ...SMALL, shuffle: 'yes' }],
    ['order', { ...SMALL, order: [0] }],
    ['order', { ...SMALL, sampler: 'list' }],
    ['order[1]', { ...SMALL, sampler: 'list', order: [0, -1] }],
    ['files', { ...SMALL, files: 'train' }],
    ['files.rule', { ...SMALL, files: {} }],
    ['files.paths', { ...SMALL, files: { rule: 'list' } }],
    ['files.paths[1]', { ...SMALL, files: { rule: 'list', paths: ['a', 3] } }],
    ['files.classes', { ...SMALL, files: { rule: 'sorted', classes: [] } }],
    ['keepSeconds', { ...SMALL, keepSeconds: -5 }],
  ])('is refused for its %s', (at, value) => {
    expect(refused(value)).toBe(at);
  });

  it('of 100 MB is refused without being read', () => {
    const paths = `{"dataset":"d","x":"${'a'.repeat(100_000_000)}"}`;
    expect(refused(paths)).toBe('plan');
    expect(refused({ ...SMALL, job: 'x'.repeat(MAX_PLAN_BYTES) })).toBe('plan');
  });

  it('of any JSON is taken or refused, and nothing else happens', () => {
    const field = fc.constantFrom(
      'dataset',
      'sampler',
      'seed',
      'epochs',
      'files',
      'order',
      'world',
    );
    fc.assert(
      fc.property(fc.dictionary(field, fc.jsonValue()), (value) => {
        const at = refused({ ...SMALL, ...value });
        expect(['string', 'undefined']).toContain(typeof at);
      }),
    );
  });
});
