import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfigFile } from '../../../cli/config/parse-file.ts';
import { resolveSettings } from '../../../cli/config/resolve.ts';
import type { Layers } from '../../../cli/config/resolve.ts';

const problemsOf = (text: string) => parseConfigFile(text, 'larder.yaml').problems;

describe('a file', () => {
  test('its settings come with their place', () => {
    const text = '# the node\n\ncacheSize: 200GiB # most of it\n"lease" : "3s"\ninsecure: true\n';
    const { settings, problems } = parseConfigFile(text, 'larder.yaml');
    expect(problems).toEqual([]);
    expect([...settings]).toEqual([
      ['cacheSize', { value: [200 * 2 ** 30], at: 'larder.yaml:3:12' }],
      ['lease', { value: 3_000, at: 'larder.yaml:4:11' }],
      ['insecure', { value: true, at: 'larder.yaml:5:11' }],
    ]);
  });

  test.each([
    ['cacheDir: [/a:b, /c]', 'cacheDir', ['/a:b', '/c']],
    ['cacheDir:\n  - /a\n  - /b\n', 'cacheDir', ['/a', '/b']],
    ['cacheDir: /a:/b', 'cacheDir', ['/a', '/b']],
    ['cacheSize: [1GiB, auto]', 'cacheSize', [2 ** 30, 'auto']],
  ] as const)('%j is a list', (text, name, value) => {
    const { settings, problems } = parseConfigFile(text, 'larder.yaml');
    expect(problems).toEqual([]);
    expect(settings.get(name)?.value).toEqual(value);
  });

  test.each(['', '\n', '# nothing\n', '---\n', '\uFEFF# nothing\n'])(
    '%j is one without settings',
    (text) => {
      expect(problemsOf(text)).toEqual([]);
    },
  );

  test.each([
    [
      'a: 1\n\ncacheSize: 10 parsecs\n',
      "larder.yaml:3:12: cacheSize: '10 parsecs' is not a size: use for example 200GiB",
    ],
    ['cachSize: 1GiB', 'larder.yaml:1:1: cachSize: is not a setting; did you mean cacheSize?'],
    ['colour: red', 'larder.yaml:1:1: colour: is not a setting; larder config show lists all'],
    [
      'grace: 1s\nlease: 4s\ngrace: 2s',
      'larder.yaml:3:1: grace: is there twice, first at larder.yaml:1:1',
    ],
    ['lease: 2h', "larder.yaml:1:8: lease: '2h' is out of bounds: use 20ms to 1h"],
    ['logLevel: [info]', 'larder.yaml:1:11: logLevel: takes one value'],
    ['logLevel:\n  debug: yes', 'larder.yaml:2:3: logLevel: takes one value'],
    ['logLevel: &a info\nmaster: *a', 'larder.yaml:2:9: master: takes one value'],
    ['logLevel:', 'larder.yaml:1:10: logLevel: has no value'],
    ['cacheDir: [/a, b]', "larder.yaml:1:11: cacheDir: '/a,b' is not an absolute path"],
    ['cacheDir: [/a, [b]]', 'larder.yaml:1:11: cacheDir: takes one value'],
    ['cacheDir: []', 'larder.yaml:1:11: cacheDir: has no value'],
    ['cacheDir: ~/cache', "larder.yaml:1:11: cacheDir: '~/cache' is not an absolute path"],
    ['- cacheSize', 'larder.yaml:1:1: the file must have lines of NAME: VALUE'],
    ['cacheSize', 'larder.yaml:1:1: the file must have lines of NAME: VALUE'],
    ['cacheSize: "1GiB', 'larder.yaml:1:17: is not YAML: '],
    ['lease: 1s\n\tgrace: 1s', 'larder.yaml:2:1: is not YAML: '],
    ['lease: 1s\n---\nlease: 2s', 'larder.yaml:2:1: is not YAML: '],
    ['master: !!js/function x', 'larder.yaml:1:9: is not YAML: '],
    ['<<: {lease: 1s}', 'larder.yaml:1:1: <<: is not a setting'],
    ['? [a]\n: b', 'larder.yaml:1:3: '],
    ['logLevel: "\\e[31m"', "larder.yaml:1:11: logLevel: '\\x1b[31m' is not one of the choices"],
  ])('%j is told with its place', (text, problem) => {
    expect(problemsOf(text)).toContainEqual(expect.stringContaining(problem));
  });

  test.each(['secretAccessKey', 'password', 'aws_session_token'])(
    '%s is no place for a secret, which is not repeated',
    (key) => {
      const [problem] = problemsOf(`${key}: wJalrXUtnFEMI`);
      expect(problem).toContain('secrets do not belong into this file');
      expect(problem).not.toContain('wJalrXUtnFEMI');
    },
  );

  test('all that is wrong is told at once, in the order of the file', () => {
    const places = problemsOf('x: 1\nlease: 5\ngrace: 1s\nlogLevel: loud\n').map(
      (problem) => /^larder\.yaml:(\d+):\d+: /.exec(problem)?.[1],
    );
    expect(places).toEqual(['1', '2', '4']);
  });

  test('whatever it has, the answer is settings or problems with a line', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .array(
          fc.constantFrom(
            'lease: 1s',
            'x',
            ':',
            '\n',
            '- ',
            '&a ',
            '*a',
            '{',
            '[',
            '"',
            '|',
            '%YAML',
            '!!int',
            '\t',
          ),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (written) => {
        for (const problem of problemsOf(written)) {
          expect(problem).toMatch(/^larder\.yaml:\d+:\d+: /);
        }
      }),
    );
  });
});

describe('which value wins', () => {
  const file = parseConfigFile('cacheSize: 1GiB\nlease: 4s\nmaster: file:1\n', 'larder.yaml');
  const layers = (over: Partial<Layers> = {}): Layers => ({
    command: 'worker',
    flags: {},
    variable: () => undefined,
    ...over,
  });

  test('the default, where nobody says anything', () => {
    const { values, sources } = resolveSettings(layers());
    expect(values.lease).toBe(5_000);
    expect(values.cacheSize).toBeUndefined();
    expect(sources.lease).toEqual({ kind: 'default' });
  });

  test('flag, environment, file, default, in this order', () => {
    const { values, sources } = resolveSettings(
      layers({
        file,
        flags: { cacheSize: ['3GiB', 'auto'] },
        variable: (name) => ({ LARDER_CACHE_SIZE: '2GiB', LARDER_MASTER: 'variable:1' })[name],
      }),
    );
    expect([values.cacheSize, values.master, values.lease, values.grace]).toEqual([
      [3 * 2 ** 30, 'auto'],
      'variable:1',
      4_000,
      60_000,
    ]);
    expect([sources.cacheSize, sources.master, sources.lease, sources.grace]).toEqual([
      { kind: 'flag', flag: '--cache-size' },
      { kind: 'environment', variable: 'LARDER_MASTER' },
      { kind: 'file', at: 'larder.yaml:2:8' },
      { kind: 'default' },
    ]);
  });

  test('a flag counts for the command that has it', () => {
    const flags = { listen: '127.0.0.1:1', socket: '/a', workerSocket: '/b' };
    const { values: worker } = resolveSettings(layers({ flags }));
    const { values: master } = resolveSettings(layers({ command: 'master', flags }));
    const { values: mount } = resolveSettings(layers({ command: 'mount', flags }));
    expect([worker.workerListen, worker.masterListen, worker.workerSocket]).toEqual([
      '127.0.0.1:1',
      '127.0.0.1:7400',
      '/a',
    ]);
    expect([master.workerListen, master.masterListen]).toEqual(['127.0.0.1:0', '127.0.0.1:1']);
    expect(mount.workerSocket).toBe('/b');
  });

  test.each<[string, Partial<Layers>, string]>([
    ['a flag', { flags: { cacheSize: 'x' } }, "--cache-size: 'x' is not a size"],
    [
      'a variable',
      { variable: (name) => (name === 'LARDER_LEASE_MS' ? 'soon' : undefined) },
      "LARDER_LEASE_MS: 'soon' is not a duration",
    ],
    ['the file', { file: parseConfigFile('lease: x\nx: y', 'f') }, "f:1:8: lease: 'x' is not"],
    [
      'two that do not fit, by the one that was set',
      { file: parseConfigFile('lease: 1s', 'f') },
      'f:1:8: lease: is less than twice heartbeat',
    ],
  ])('%s that is wrong is named', (_, over, problem) => {
    expect(() => resolveSettings(layers(over))).toThrow(problem);
  });
});
