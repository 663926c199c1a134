/**
 * Keys as other people's buckets have them: what must be shown to the byte, and what cannot be a path
 * and must be named with its reason. For the mount, the SDK and the gateway alike.
 */
import type { SkipReason } from '../../common/index.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** Objects that are files, each under a name of its own. */
export const SHOWN_KEYS: readonly Buffer[] = [
  ...[
    'new\nline',
    'carriage\rreturn',
    'esc\u001b[31mred',
    'bell\u0007 and delete\u007f',
    'right-to-left \u202egpj.exe',
    'a space',
    ' leading and trailing ',
    'percent%2Fslash',
    'percent%2E%2E/x',
    'plus+plus',
    'query?x=1',
    'hash#part',
    'and&amp;',
    'back\\slash',
    '..\\..\\windows',
    'quotes\'"`<>',
    '-rf',
    '~',
    '...',
    '..a',
    'a..',
    '.hidden',
    'x/.larder',
    '.larder2',
    'Case/Pair',
    'case/pair',
    'case/PAIR',
    'e\u0301 decomposed',
    '\u00e9 composed',
    '\ufffd',
    '\u{1f600}',
    '\uffff',
    'zero bytes',
    'folder/',
    'folder/in',
    'empty folder/',
    'x'.repeat(255),
    `${'é'.repeat(127)}z/f`,
    `${'d/'.repeat(300)}deep`,
    `${'n'.repeat(255)}/${'m'.repeat(255)}/${'o'.repeat(255)}/${'p'.repeat(255)}`,
    'key of 1,024 bytes'.padEnd(1_024, `/${'k'.repeat(210)}`),
    'order/blue-1',
    'order/blue.txt',
    'order/blue/x',
    'order/blue0',
  ].map((text) => Buffer.from(text)),
  latin1('invalid \xff\xfe\x80'),
  latin1('half a surrogate \xed\xa0\x80'),
  latin1('overlong \xc0\xaf\xc0\xae'),
  latin1('a directory \xf0\x28/\xff'),
];

/** What is left out, and why. */
export const LEFT_OUT_KEYS: readonly (readonly [Buffer, SkipReason])[] = (
  [
    ['/', 'empty-segment'],
    ['/a', 'empty-segment'],
    ['//', 'empty-segment'],
    ['a//b', 'empty-segment'],
    ['order//y', 'empty-segment'],
    ['.', 'dot-segment'],
    ['..', 'dot-segment'],
    ['../', 'dot-segment'],
    ['./a', 'dot-segment'],
    ['a/./b', 'dot-segment'],
    ['a/../../etc/cron.d/x', 'dot-segment'],
    ['a/..', 'dot-segment'],
    ['turned \u202e and controlled \u009b/../x', 'dot-segment'],
    ['nul\0byte', 'nul-byte'],
    ['z'.repeat(256), 'segment-over-255-bytes'],
    [`${'é'.repeat(128)}/f`, 'segment-over-255-bytes'],
    ['.larder', 'reserved-name'],
    ['.larder/plan', 'reserved-name'],
    ['order/blue', 'shadowed-by-directory'],
    ['marker with data/', 'marker-content'],
  ] as const
).map(([key, reason]) => [Buffer.from(key), reason] as const);

/** Every key has bytes that tell it from the others; `zero bytes` and markers have none. */
export function contentOf(key: Buffer): Buffer {
  if (key.at(-1) === SLASH || key.equals(Buffer.from('zero bytes'))) return Buffer.alloc(0);
  return Buffer.from(`content of ${key.toString('hex')}`);
}

const SLASH = 0x2f;
