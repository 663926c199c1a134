import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { SHOWN_KEYS } from '../../support/odd-keys.ts';

const LOG = path.resolve(import.meta.dirname, '../../../common/log.ts');

const OBEYED =
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** Writes each key into a field, a message and an error, as a process does. */
function logged(keys: readonly string[]): string {
  const source = `
    import { createLogger } from ${JSON.stringify(LOG)};
    const log = createLogger({ level: 'info', role: 'worker' });
    for (const key of JSON.parse(process.argv[1]))
      log.info({ key, [key]: 1, err: new Error(key) }, key);`;
  const args = ['--input-type=module', '-e', source, JSON.stringify(keys)];
  const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(status).toBe(0);
  return stderr;
}

test('odd keys in a log: one line each, nothing that a terminal obeys, and the same text in JSON', () => {
  const odd = ['\u009b31mred', '\u0085next', '\u202egpj.exe', '\u2066x\u2069', '\u2028', '\u061c'];
  const keys = [...SHOWN_KEYS.map(String), ...odd, '\n2026 INFO auth ok', '\u001b[2J', '\u007f'];
  const lines = logged(keys).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.length).toBe(keys.length);
  for (const [i, line] of lines.entries()) {
    expect(line).not.toMatch(OBEYED);
    expect(JSON.parse(line)).toMatchObject({ key: keys[i], msg: keys[i], role: 'worker' });
  }
});

test('a log on a full disk ends no process, and holds little of what it cannot write', () => {
  const source = `
    import { createLogger } from ${JSON.stringify(LOG)};
    const log = createLogger({ level: 'info', role: 'worker' });
    for (let i = 0; i < 20; i += 1) log.info('x'.repeat(1000));
    setTimeout(() => {
      const before = process.memoryUsage().rss;
      for (let i = 0; i < 50_000; i += 1) log.info('x'.repeat(1000));
      console.log(process.memoryUsage().rss - before);
    }, 10);`;
  const full = fs.openSync('/dev/full', 'w');
  try {
    const args = ['--input-type=module', '-e', source];
    const stdio: ['ignore', 'pipe', number] = ['ignore', 'pipe', full];
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', stdio });
    expect(status).toBe(0);
    expect(Number(stdout)).toBeLessThan(30_000_000);
  } finally {
    fs.closeSync(full);
  }
});
