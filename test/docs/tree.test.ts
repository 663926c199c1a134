/** What holds for the files of the repository as files. */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { exists, markdownFiles, readText, ROOT, trackedFiles } from './repository.ts';

const MAX_LINES = 400;
const GENERATED = /^(proto\/generated\/|package-lock\.json$|docs\/(CLI|CONFIG|ERRORS)\.md$)/;
const SOURCE = /\.(ts|js|mjs|cjs|proto|sh|html|css|md)$|^\.ci\/run$/;
/** Where a machine keeps its things, as opposed to paths that a user types. */
const MACHINE_PATH = /(?<![\w.~-])\/(?:work|root|home\/\w+)\//;
const PRIVATE_REGISTRY = /https?:\/\/[^\s"'/]*(?:artifactory|nexus|verdaccio|jfrog|goproxy)/i;

const files = trackedFiles();

it(`no file has more than ${MAX_LINES} lines`, () => {
  const long = files
    .filter((path) => SOURCE.test(path) && !GENERATED.test(path))
    .map((path) => ({ path, lines: readText(path).trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES);
  expect(long, 'cut it along a noun').toEqual([]);
});

it('no file names a path of a particular machine', () => {
  expect(linesWith((line) => MACHINE_PATH.test(line))).toEqual([]);
});

it('no file names a registry other than the public one', () => {
  const own = execFileSync('npm', ['config', 'get', 'registry'], { cwd: ROOT, encoding: 'utf8' });
  const host = new URL(own.trim()).host;
  const isPublic = host === 'registry.npmjs.org';
  const wrong = linesWith(
    (line) => PRIVATE_REGISTRY.test(line) || (!isPublic && line.includes(host)),
  );
  expect(wrong).toEqual([]);
  const resolved = readText('package-lock.json').matchAll(/"resolved": "(https?:\/\/[^/"]+)/g);
  const foreign = [...resolved].filter(([, origin]) => origin !== 'https://registry.npmjs.org');
  expect(foreign, 'in package-lock.json').toEqual([]);
});

it('every source folder has a layer, and the picture in CONTRIBUTING.md has them all', () => {
  const { include } = JSON.parse(readText('tsconfig.json')) as { include: string[] };
  const folders = include.map((path) => path.split('/')[0] ?? '');
  const rules = readText('.dependency-cruiser.cjs');
  const [, layers = ''] = /^const LAYERS = \{([^}]*)\}/m.exec(rules) ?? [];
  const [, picture = ''] = /^## Layout\n([^]*?)^## /m.exec(readText('CONTRIBUTING.md')) ?? [];
  const product = folders.filter((folder) => folder !== 'test' && folder !== 'bench');
  const has = (text: string, folder: string) =>
    new RegExp(`(?<![\\w-])${folder}(?![\\w-])`).test(text);
  expect(product.filter((folder) => !has(layers, folder))).toEqual([]);
  expect(folders.filter((folder) => !has(picture, folder))).toEqual([]);
});

it('relative links in the documentation lead somewhere', () => {
  const dead = markdownFiles().flatMap((file) =>
    [...readText(file).matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)/g)]
      .filter(([, target = '']) => !exists(join(dirname(file), target)))
      .map(([link]) => `${file}: ${link}`),
  );
  expect(dead).toEqual([]);
});

it('decisions are numbered, titled and say context, decision and consequences', () => {
  const records = files.filter((path) => path.startsWith('docs/adr/'));
  const numbers = records.map((path) => /^docs\/adr\/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1]);
  expect(numbers).toEqual(records.map((_, index) => String(index + 1).padStart(4, '0')));
  for (const path of records) {
    const headings = readText(path).match(/^## .*$/gm);
    expect(headings, path).toEqual(['## Context', '## Decision', '## Consequences']);
  }
});

/** Lines of text files for which the test holds, with their place. */
function linesWith(test: (line: string) => boolean): string[] {
  return files
    .filter((path) => path !== 'package-lock.json')
    .flatMap((path) =>
      readText(path)
        .split('\n')
        .map((line, index) => ({ line, place: `${path}:${index + 1}` })),
    )
    .filter(({ line }) => test(line))
    .map(({ line, place }) => `${place}: ${line.trim()}`);
}
