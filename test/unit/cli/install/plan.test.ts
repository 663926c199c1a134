import { describe, expect, test } from 'vitest';
import { planInstall, planUninstall, seal } from '../../../../cli/install/plan.ts';

const NOW = 'line\nof this release\n';
const WRITTEN = seal(NOW);
const OLDER = seal('line\nof an older release\n');
const EDITED = WRITTEN.replace('this', 'my');

describe('planInstall', () => {
  test.each([
    ['nothing there', undefined, 'write', 'write'],
    ['what it would write', WRITTEN, 'unchanged', 'unchanged'],
    ['what an older release wrote', OLDER, 'update', 'update'],
    ['an edited file', EDITED, 'refuse', 'keep'],
    ['a file with something added', `${WRITTEN}more\n`, 'refuse', 'keep'],
    ['a file of somebody else', 'other\n', 'refuse', 'keep'],
    ['an empty file', '', 'refuse', 'keep'],
  ])('%s', (_, current, program, settings) => {
    expect(planInstall({ kind: 'program', content: NOW }, current, false)).toBe(program);
    expect(planInstall({ kind: 'settings', content: NOW }, current, false)).toBe(settings);
  });

  test('force overwrites a program that was edited, and never settings', () => {
    expect(planInstall({ kind: 'program', content: NOW }, EDITED, true)).toBe('overwrite');
    expect(planInstall({ kind: 'settings', content: NOW }, EDITED, true)).toBe('keep');
  });
});

describe('planUninstall', () => {
  test.each([
    ['nothing there', undefined, 'absent', 'absent'],
    ['what an older release wrote', OLDER, 'remove', 'remove'],
    ['an edited file', EDITED, 'refuse', 'keep'],
  ])('%s', (_, current, program, settings) => {
    expect(planUninstall('program', current, false)).toBe(program);
    expect(planUninstall('settings', current, false)).toBe(settings);
  });

  test('force removes a program that was edited, and never settings', () => {
    expect(planUninstall('program', EDITED, true)).toBe('remove');
    expect(planUninstall('settings', EDITED, true)).toBe('keep');
  });
});
