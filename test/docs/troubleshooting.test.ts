/**
 * docs/TROUBLESHOOTING.md quotes messages as the program has them, and has all of them.
 *
 * An entry begins with a line in bold. A piece of code in it is a message: `[CODE] summary` of the
 * error table, an errno's text followed by its name, or text of a source file, with … for what
 * differs each time.
 */
import { constants } from 'node:os';
import koffi from 'koffi';
import { expect, it } from 'vitest';
import { ERRORS, isErrorCode } from '../../common/index.ts';
import { readText, trackedFiles } from './repository.ts';

const PAGE = 'docs/TROUBLESHOOTING.md';
/** Said by mount(8), not by us. */
const OF_OTHERS = ["unknown filesystem type 'larder'"];
const strerror = koffi.load('libc.so.6').func('const char *strerror(int error)');

const sources = trackedFiles()
  .filter((file) => /^(cli|common|fuse-client|http|master|rpc|sdk|worker)\/.*\.ts$/.test(file))
  .map(readText);
const entries = [...readText(PAGE).matchAll(/^\*\*(.+)\*\*$/gm)].map(([, text = '']) => text);
const quoted = entries.flatMap((entry) => quotesOf(entry));

it('every message that is quoted exists', () => {
  expect(quoted.length).toBeGreaterThan(Object.keys(ERRORS).length);
  expect(quoted.filter((quote) => problemWith(quote) !== undefined).map(problemWith)).toEqual([]);
});

it('every error code has one entry', () => {
  const codes = quoted.map((quote) => /^\[([A-Z_]+)\]/.exec(quote)?.[1]);
  const counts = Object.keys(ERRORS).map((code) => [code, codes.filter((c) => c === code).length]);
  expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
});

it('every error code of the table is used', () => {
  const used = sources.filter((text) => !text.includes('satisfies Record<'));
  const unused = Object.keys(ERRORS).filter((code) => !used.some((t) => t.includes(`'${code}'`)));
  expect(unused, 'a code that nothing throws').toEqual([]);
});

it('every warning and error of the logs has its entry', () => {
  const calls = /\blog\.(?:warn|error)\([^;]*?'([^']+)'\s*,?\s*\);/g;
  const messages = sources.flatMap((text) => [...text.matchAll(calls)].map(([, m = '']) => m));
  expect(messages.length).toBeGreaterThan(10);
  expect(messages.filter((message) => !quoted.includes(message))).toEqual([]);
});

it('tells a wrong quote', () => {
  expect(problemWith('[NOT_KEPT] The file is too large.')).toContain('summary');
  expect(problemWith('[NO_SUCH_CODE] Text.')).toContain('no such code');
  expect(problemWith('Stale file (ESTALE)')).toContain('Stale file handle');
  expect(problemWith('larder needs Perl … or newer')).toContain('in no source file');
});

/** Pieces of code; an errno's text and its name are one. */
function quotesOf(entry: string): string[] {
  return [...entry.replace(/` \(`(E[A-Z]+)`/g, ' ($1)`').matchAll(/`([^`]+)`/g)].map(
    ([, text = '']) => text,
  );
}

function problemWith(quote: string): string | undefined {
  const [, code = '', summary] = /^\[([A-Z_]+)\] (.*)$/.exec(quote) ?? [];
  if (summary !== undefined) {
    if (!isErrorCode(code)) return `${quote}: no such code`;
    const expected = ERRORS[code].summary.replaceAll('`', '');
    return summary === expected ? undefined : `${quote}: its summary is "${expected}"`;
  }
  const [, text, name = ''] = /^(.*) \((E[A-Z]+)\)$/.exec(quote) ?? [];
  if (text !== undefined) {
    const expected = strerror(constants.errno[name as keyof typeof constants.errno]) as string;
    return text === expected ? undefined : `${quote}: the text of ${name} is "${expected}"`;
  }
  if (OF_OTHERS.includes(quote)) return undefined;
  const parts = quote.split('…').map((part) => part.trim());
  const found = sources.some((source) => parts.every((part) => source.includes(part)));
  return found ? undefined : `${quote}: in no source file`;
}
